/** Without the registry: the last part and its tag tell versions apart. */
export const shortImage = (image: string): string => image.replace(/^.*\//, '')

/** In parts between which a line may break. */
export const partsOf = (image: string): string[] => image.split(/(?<=\/)|(?=[:@])/)
