// The page is porcupine's, which is made for a mouse: here its operations and its link are reached by Tab too, Enter does
// what a click does, and the focus shows what hovering shows.
for (const target of document.querySelectorAll('.target-rect, #jump-link')) {
  const at = type => {
    const box = target.getBoundingClientRect();
    target.dispatchEvent(new MouseEvent(type, {clientX: box.left, clientY: box.bottom, bubbles: true}));
  };
  const operation = target.matches('.target-rect') && data.Partitions[target.dataset.partition].History[target.dataset.index];
  target.setAttribute('tabindex', '0');
  target.setAttribute('role', 'button');
  target.setAttribute('aria-label', operation ? `client ${operation.ClientId}: ${operation.Description}` : 'jump to first error');
  target.addEventListener('keydown', e => {
    if (e.key !== 'Enter' && e.key !== ' ') return;
    e.preventDefault();
    at('click');
  });
  if (!operation) continue;
  target.addEventListener('focus', () => {
    at('mouseover');
    at('mousemove');
  });
  target.addEventListener('blur', () => at('mouseout'));
}
