import type { Page } from 'playwright-core'

/**
 * What the window shows, as an SVG file: the page's own elements and the rules that are in force for them. It is text, so
 * Git can keep it; the letters are of the reader's own fonts.
 */
export const drawingOf = (page: Page): Promise<string> => page.evaluate(DRAW)

/** Runs in the page. An image loads nothing, so fonts stay outside, and what depends on the window's width is decided here. */
const DRAW = `(() => {
  const { clientWidth: width, clientHeight: height } = document.documentElement
  const isUsed = (selector) => document.querySelector(selector.replaceAll(/::[a-z-]+/g, ':is(*)')) !== null
  const inForce = (rules) => [...rules].flatMap((rule) => {
    if (rule instanceof CSSMediaRule) return matchMedia(rule.conditionText).matches ? inForce(rule.cssRules) : []
    return rule instanceof CSSStyleRule && isUsed(rule.selectorText) ? [rule.cssText] : []
  })
  const isInWindow = (element) => element.getBoundingClientRect().top < height
  const body = document.body.cloneNode(true)
  const originals = [...document.body.querySelectorAll('*')]
  for (const [index, copy] of [...body.querySelectorAll('*')].entries()) {
    if (originals[index].checked) copy.setAttribute('checked', '')
    if (copy.localName === 'script' || !isInWindow(originals[index])) copy.remove()
  }
  const style = document.createElement('style')
  style.textContent = [...document.styleSheets].flatMap((sheet) => inForce(sheet.cssRules)).join('\\n')
  const scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  const written = new XMLSerializer()
  return '<svg xmlns="http://www.w3.org/2000/svg" width="' + width + '" height="' + height + '" data-theme="' + scheme + '">'
    + '<foreignObject width="100%" height="100%"><html xmlns="http://www.w3.org/1999/xhtml"><head>'
    + written.serializeToString(style) + '</head>' + written.serializeToString(body) + '</html></foreignObject></svg>\\n'
})()`
