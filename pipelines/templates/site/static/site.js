// Tables that sort and filter; what scrolls can be reached by keyboard. Without this file the tables are simply whole.
document.addEventListener('DOMContentLoaded', () => {
  const reach = () => {
    for (const box of document.querySelectorAll('pre, .scroll, .cell_output, .table-wrapper')) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0
    }
  }
  reach()
  window.addEventListener('resize', reach)
  for (const table of document.querySelectorAll('table.data')) {
    const rows = [...table.tBodies[0].rows]
    const form = document.querySelector(`form[data-for="${table.id}"]`)
    const shown = form?.querySelector('output')
    const filter = () => {
      const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean)
      const chosen = form.elements.chosen?.value || ''
      let count = 0
      for (const row of rows) {
        const text = row.textContent.toLowerCase()
        row.hidden = !(words.every(w => text.includes(w)) && (!chosen || row.dataset.chosen === chosen))
        count += !row.hidden
      }
      shown.value = `${count} / ${rows.length}`
    }
    form?.addEventListener('input', filter)
    form?.addEventListener('submit', event => event.preventDefault())
    if (form) filter()
    table.tHead.addEventListener('click', event => {
      const head = event.target.closest('th')
      if (!head) return
      const column = head.cellIndex
      const down = head.getAttribute('aria-sort') === 'ascending'
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort')
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
      const key = row => row.cells[column].textContent.trim()
      const number = text => text === '' ? NaN : Number(text.replace(/[,%]/g, '').replace('−', '-'))
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)], [m, n] = [number(x), number(y)]
        return (isNaN(m) || isNaN(n) ? x.localeCompare(y, 'zh') : m - n) * (down ? -1 : 1)
      })
      table.tBodies[0].append(...rows)
    })
  }
})
