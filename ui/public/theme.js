// Before the first paint, so that a chosen theme does not flash; a file, because the page allows no inline script.
{
  const chosen = localStorage.getItem('theme')
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen
}
