/** In place of a screen whose answer is on its way, where that takes longer than one notices. */
export const Reading = ({ what }: { what: string }) => <p class="quiet late">Reading {what} …</p>
