import { render } from 'preact'
import '@fontsource-variable/atkinson-hyperlegible-next'
import '@fontsource-variable/atkinson-hyperlegible-mono'
import './style/ground.css'
import './style/shell.css'
import './style/parts.css'
import './style/fleet.css'
import './style/release.css'
import './style/plan.css'
import './style/pods.css'
import './style/evidence.css'
import './style/history.css'
import './style/charts.css'
import './style/narrow.css'
import { App } from './app.tsx'
import { followLinks } from './place.ts'

const page = document.getElementById('page')
if (page) {
  followLinks()
  render(<App />, page)
}
