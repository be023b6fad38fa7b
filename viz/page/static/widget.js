// The stepper as a widget: what anywidget asks of a module.

/** A widget: `values` goes to and from Python, by Python's names of the leaves. */
function render({ model, el }) {
  const [data, svg, grid, theme, start] = ["data", "svg", "grid", "theme", "start"].map((name) => model.get(name));
  const names = Object.entries(data.leaves);
  const told = (name, x) => (model.set(name, x), model.save_changes());
  const onChange = ({ values }) => told("values", Object.fromEntries(names.map(([leaf, name]) => [name, packed(values[leaf])])));
  const handle = mount(el, data, { svg, grid, theme, start, onChange, onStep: (index) => told("start", index) });
  function pull() {
    const [given, present] = [model.get("values"), handle.values()];
    const wanted = names.filter(([, name]) => name in given).map(([leaf, name]) => [leaf, real(given[name])]);
    const changes = wanted.filter(([leaf, value]) => !Object.is(value, present[leaf]));
    if (changes.length) handle.edit(Object.fromEntries(changes), false);
  }
  pull();
  for (const kept of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".gr-kept"))) if (kept.dataset.widget === model.get("kept")) kept.style.display = "none";
  model.on("change:values", pull);
  return () => (model.off("change:values", pull), handle.destroy());
}

export default { render };
