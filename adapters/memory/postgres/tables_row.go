package postgres

import (
	"context"
	"fmt"
)

// row is one row: its lock, its committed version, and the one that its holder is making.
type row[K comparable, V any] struct {
	rowLock
	table     *table[K, V]
	key       K
	committed *V // nil: its INSERT is not committed yet, or its DELETE is
	own       *V // while rowLock.written: what the owner made of it; nil: deleted

	hashed *V // the committed version that hash is of: versions never change
	hash   uint64
}

// version is what t sees of a row: its own version, else the committed one.
func (r *row[K, V]) version(t *transaction) *V {
	if r.owner == t && r.written {
		return r.own
	}
	return r.committed
}

// lock makes t hold the row, waiting for others, and returns the version that is there then: nil if
// the row went away meanwhile.
func (r *row[K, V]) lock(ctx context.Context, t *transaction, g grip) (*V, error) {
	for r.conflicts(t, g) {
		if err := t.await(ctx, &r.rowLock, g, r.String); err != nil {
			return nil, err
		}
	}
	v := r.version(t)
	if v != nil && !r.holds(t, g) && r.grant(t, g) {
		t.hold(r)
	}
	return v, nil
}

// update writes a version of a row that t holds exclusively. A CHECK may refuse it.
func (r *row[K, V]) update(t *transaction, v *V) error {
	if r.table.check != nil {
		if err := r.table.check(v); err != nil {
			return err
		}
	}
	r.write(t, v)
	return nil
}

// remove deletes a row that t holds exclusively.
func (r *row[K, V]) remove(t *transaction) { r.write(t, nil) }

func (r *row[K, V]) write(t *transaction, v *V) {
	before := r.version(t)
	if before != nil && before != r.committed {
		r.unindex(before, v, r.committed)
	}
	r.own, r.written = v, true
	if v != nil {
		for _, s := range r.table.secondary {
			s.add(v, r)
		}
	}
	switch {
	case before == nil:
		t.log('c', r.table, before, v)
	case v == nil:
		t.log('d', r.table, before, v)
	default:
		t.log('u', r.table, before, v)
	}
}

// unindex takes a version out of the indexes, but for keys that keep or also has too.
func (r *row[K, V]) unindex(v, keep, also *V) {
	for _, s := range r.table.secondary {
		s.drop(v, keep, also)
	}
}

// finish ends what t did to the row and lets go of it.
func (r *row[K, V]) finish(t *transaction, commit bool) {
	if r.owner == t && r.written {
		gone, stays := r.own, r.committed
		if commit {
			gone, stays = stays, gone
		}
		if gone != nil && gone != stays {
			r.unindex(gone, stays, nil)
		}
		if commit && t.record != nil && gone != stays {
			t.record.undo = append(t.record.undo, &formerly[K, V]{r.table, r.key, gone})
		}
		r.committed, r.own = stays, nil
		r.table.summed = r.table.summed && !commit
		if commit && r.table.seen != nil {
			r.table.seen(gone, stays)
		}
		if stays == nil {
			r.table.rows.drop(r.key)
		}
	}
	r.release(t)
}

// formerly is what a row was before a commit, nil where it was not there.
type formerly[K comparable, V any] struct {
	table   *table[K, V]
	key     K
	version *V
}

// restore makes the row what it was. Nobody holds it.
func (f *formerly[K, V]) restore() {
	r, ok := f.table.rows.get(f.key)
	if !ok {
		r = &row[K, V]{table: f.table, key: f.key}
		f.table.rows.put(f.key, r)
	}
	gone := r.committed
	r.committed, f.table.summed = f.version, false
	if gone != nil {
		r.unindex(gone, f.version, nil)
	}
	if f.version == nil {
		f.table.rows.drop(f.key)
	} else {
		for _, s := range f.table.secondary {
			s.add(f.version, r)
		}
	}
	if f.table.undone != nil && gone != f.version {
		f.table.undone(gone, f.version)
	}
}

// String names the row as a wait or a deadlock does.
func (r *row[K, V]) String() string {
	return fmt.Sprintf("%s.%s %v", r.table.about.schema, r.table.about.name, r.key)
}
