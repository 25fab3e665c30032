package linear

// answerOf is what a stream remembers of an id: 32 bytes.
type answerOf struct {
	seq       int64 // version of its first answer; 0: none yet; -v-1: refused at version v, and not done by then
	remaining int64
	units     int64 // that a deduction took; 0: it took none
	undone    int64 // version at which that was cancelled, replaced or committed; 0: not
}

// heldAt reports whether the deduction had been made at a version, and not been undone.
func (a *answerOf) heldAt(seq int64) bool {
	return a.seq > 0 && a.seq <= seq && a.units > 0 && (a.undone == 0 || a.undone > seq)
}

// idTable holds an entry by id. Ids count from 0.
type idTable struct{ paged[answerOf] }

// units is what a deduction took that was answered.
func (t *idTable) units(id int64) (int64, bool) {
	a := t.at(id)
	return a.units, a.seq > 0
}

// pageBits is the size of a page: 256 entries.
const pageBits = 8

// paged is a table that grows without copying, an entry by number from 0.
type paged[T any] struct {
	pages []*[1 << pageBits]T
}

func (t *paged[T]) at(n int64) *T {
	page := int(n >> pageBits)
	for page >= len(t.pages) {
		t.pages = append(t.pages, nil)
	}
	if t.pages[page] == nil {
		t.pages[page] = new([1 << pageBits]T)
	}
	return &t.pages[page][n&(1<<pageBits-1)]
}

// size is above every number that was asked for.
func (t *paged[T]) size() int64 { return int64(len(t.pages)) << pageBits }
