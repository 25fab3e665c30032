package engine

// Forgotten are the actors whose wait is over and whom nobody would ask, because what they wait for counts as
// unchanged. To be called between two steps.
func (e *Engine) Forgotten() (names []string) {
	for _, a := range e.actors {
		if w := &a.wait; w.until != nil && w.checked == e.changes[w.of]+1 && w.until() {
			names = append(names, a.Name)
		}
	}
	return names
}
