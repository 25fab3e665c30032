package linear

// window holds the versions from tail on, in a ring that grows: those that something under way may still
// observe or take. Versions up to done were replayed.
type window struct {
	ring  []version
	start int
	tail  int64
	done  int64
}

// version is a place in the window.
type version struct {
	op    Op
	stock int64 // after it; Absent: nothing shows it yet
	state versionState
}

type versionState uint8

const (
	untaken versionState = iota
	taken
)

// newWindow begins with the initial state, which nothing took.
func newWindow(initial State) window {
	w := window{ring: make([]version, 16), tail: initial.Seq, done: initial.Seq}
	for i := range w.ring {
		w.ring[i].stock = Absent
	}
	w.ring[0].stock = initial.Stock
	return w
}

// at is a version in the window; nil: it is not there.
func (w *window) at(seq int64) *version {
	if seq < w.tail || seq-w.tail >= int64(len(w.ring)) {
		return nil
	}
	return &w.ring[(w.start+int(seq-w.tail))&(len(w.ring)-1)]
}

// reach is a version not before tail, for which the ring grows.
func (w *window) reach(seq int64) *version {
	for seq-w.tail >= int64(len(w.ring)) {
		grown := make([]version, 2*len(w.ring))
		n := copy(grown, w.ring[w.start:])
		copy(grown[n:], w.ring[:w.start])
		for i := len(w.ring); i < len(grown); i++ {
			grown[i].stock = Absent
		}
		w.ring, w.start = grown, 0
	}
	return w.at(seq)
}

// trim forgets what was replayed and stands before the version.
func (w *window) trim(before int64) {
	for w.tail < w.done && w.tail < before {
		v := &w.ring[w.start]
		v.state, v.stock = untaken, Absent
		w.start = (w.start + 1) & (len(w.ring) - 1)
		w.tail++
	}
}
