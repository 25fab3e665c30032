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

// pageBits is the size of a page: 256 ids.
const pageBits = 8

// idTable holds an entry by id, in pages, so that it grows without copying. Ids count from 0.
type idTable struct {
	pages []*[1 << pageBits]answerOf
}

func (t *idTable) at(id int64) *answerOf {
	page := int(id >> pageBits)
	for page >= len(t.pages) {
		t.pages = append(t.pages, nil)
	}
	if t.pages[page] == nil {
		t.pages[page] = new([1 << pageBits]answerOf)
	}
	return &t.pages[page][id&(1<<pageBits-1)]
}

// units is what a deduction took that was answered.
func (t *idTable) units(id int64) (int64, bool) {
	a := t.at(id)
	return a.units, a.seq > 0
}
