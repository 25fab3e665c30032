package engine

// arena hands out values of one type and has them back all at once, when the engine is reset. A run that
// needs very many gets the rest from the garbage collector, so that a long one does not keep all it ever had.
type arena[T any] struct {
	all  []*T
	used int
}

// arenaLimit is how many values an arena keeps.
const arenaLimit = 512

// next is a value as its last user left it, or a zero one.
func (a *arena[T]) next() *T {
	if a.used == len(a.all) {
		if a.used == arenaLimit {
			return new(T)
		}
		a.all = append(a.all, new(T))
	}
	a.used++
	return a.all[a.used-1]
}
