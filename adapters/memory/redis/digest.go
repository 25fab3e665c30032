package redis

import (
	"cmp"
	"slices"

	"stockproof/adapters/memory"
)

// Digest is the state of the speed layer.
func (r *Server) Digest() uint64 {
	h := memory.NewHash()
	h.Word(uint64(r.skewMS))
	h.Word(uint64(r.lives))
	for _, n := range r.nodes {
		names := slices.Clone(n.keys.names)
		slices.SortFunc(names, cmp.Compare[string])
		for _, name := range names {
			h.Text(name)
			n.keys.byName[name].digest(&h)
		}
		for _, w := range n.writes { // a replica may be promoted without the last of them
			h.Word(uint64(len(w.before)))
			for _, b := range w.before {
				h.Text(b.key)
				b.value.digest(&h)
			}
		}
	}
	return uint64(h)
}

// digest is what a key holds; nil is no such key.
func (v *value) digest(h *memory.Hash) {
	h.Flag(v != nil)
	if v == nil {
		return
	}
	h.Text(v.text)
	h.Word(uint64(v.expireMS))
	for _, f := range v.fields {
		h.Text(f.name)
		h.Text(f.value)
	}
}

// Sum implements [memory.Summed].
func (qs *requests) Sum(h *memory.Hash, by *memory.Shapes) {
	for i := range *qs {
		q := &(*qs)[i]
		h.ValueOf(by, q.reply)
		h.Failure(q.err)
	}
}
