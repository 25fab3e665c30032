package postgres

import (
	"context"
	"fmt"

	"stockproof/inventory/port"
)

// table is one table: rows in key order, each with a committed version and at most one uncommitted
// one, by the transaction that holds its lock. Versions are never changed once they are written, so
// that the log and whoever reads may keep them.
//
// A statement runs alone between two steps of the gate, so "what is committed now" is its snapshot,
// except across a lock wait inside it: it collects its rows before the first wait, and looks at each
// one again when it has its lock (EvalPlanQual).
type table[K comparable, V any] struct {
	pg         *Server
	about      *relation
	key        func(v *V) K
	rows       *index[K, *row[K, V]]
	secondary  []secondary[K, V]
	check      func(v *V) error         // CHECK constraints and types; nil: none
	columns    func(v *V) []port.Column // key columns first
	seen       func(before, after *V)   // a change became visible; nil: nobody asks
	undone     func(gone, back *V)      // a visible change was lost with its server; nil: nobody asks
	takenClass error                    // what a taken key means

	sum    uint64 // the digest of the committed rows,
	summed bool   // if none has changed since
}

// relation is what errors and the log say about a table.
type relation struct {
	schema, name string
	primary      string // the primary key's constraint
	keyColumns   int    // the first columns of a row that are its key
	full         bool   // REPLICA IDENTITY FULL
}

// secondary is an index beside the key's. It knows every version of a row, committed or not, as in
// PostgreSQL: who walks it must compare the version that it may see.
type secondary[K comparable, V any] interface {
	reset()
	add(v *V, r *row[K, V])
	drop(v, keep, also *V) // unless keep or also, where they are, have the same key
}

// lookup is a secondary index with keys of type S; of says false where a version has none.
type lookup[S, K comparable, V any] struct {
	*index[S, *row[K, V]]
	of func(v *V) (S, bool)
}

func (l lookup[S, K, V]) add(v *V, r *row[K, V]) {
	if k, ok := l.of(v); ok {
		l.put(k, r)
	}
}

func (l lookup[S, K, V]) drop(v, keep, also *V) {
	if k, ok := l.of(v); ok && !l.has(keep, k) && !l.has(also, k) {
		l.index.drop(k)
	}
}

func (l lookup[S, K, V]) has(v *V, k S) bool {
	if v == nil {
		return false
	}
	other, ok := l.of(v)
	return ok && l.compare(k, other) == 0
}

// newTable makes an empty table.
func newTable[K comparable, V any](
	p *Server, about relation, compare func(a, b K) int, key func(v *V) K,
) *table[K, V] {
	return &table[K, V]{pg: p, about: &about, key: key, takenClass: port.ErrConflict,
		rows: newIndex[K, *row[K, V]](compare)}
}

// reset empties the table. Nobody may have a row of it any more.
func (tb *table[K, V]) reset() {
	tb.rows.reset()
	for _, x := range tb.secondary {
		x.reset()
	}
	tb.summed = false
}

// indexed adds a secondary index.
func indexed[S, K comparable, V any](
	tb *table[K, V], compare func(a, b S) int, of func(v *V) (S, bool),
) *index[S, *row[K, V]] {
	x := newIndex[S, *row[K, V]](compare)
	tb.secondary = append(tb.secondary, lookup[S, K, V]{index: x, of: of})
	return x
}

// get is the version of a key that t sees, nil if there is none.
func (tb *table[K, V]) get(t *transaction, k K) *V {
	if r, ok := tb.rows.get(k); ok {
		return r.version(t)
	}
	return nil
}

// visible is the row of a key if t sees a version of it.
func (tb *table[K, V]) visible(t *transaction, k K) *row[K, V] {
	if r, ok := tb.rows.get(k); ok && r.version(t) != nil {
		return r
	}
	return nil
}

// lockAll makes t hold the rows of keys that it sees, in the order given, and calls fn with the place
// of each key whose row is still there, and the row's version of then. What the statement sees is
// settled before it waits.
func (tb *table[K, V]) lockAll(
	ctx context.Context, t *transaction, keys []K, g grip, fn func(i int, r *row[K, V], v *V) error,
) error {
	rows := make([]*row[K, V], len(keys))
	for i, k := range keys {
		rows[i] = tb.visible(t, k)
	}
	return lockRows(ctx, t, rows, g, fn)
}

// lockRows is lockAll of rows that were found before; nil stands for none.
func lockRows[K comparable, V any](
	ctx context.Context, t *transaction, rows []*row[K, V], g grip,
	fn func(i int, r *row[K, V], v *V) error,
) error {
	for i, r := range rows {
		if r == nil {
			continue
		}
		v, err := r.lock(ctx, t, g)
		if err != nil {
			return err
		}
		if v != nil {
			if err := fn(i, r, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// lockUnchanged is lockAll for a statement that finds its rows by key and then by their place (ctid)
// in its snapshot, as the bulk updates do: a row of which somebody else wrote another version while it
// was waited for is not there any more. Keep says which of the versions that it sees it is about.
func (tb *table[K, V]) lockUnchanged(
	ctx context.Context, t *transaction, keys []K, keep func(v *V) bool,
	fn func(i int, r *row[K, V], v *V) error,
) error {
	rows, seen := make([]*row[K, V], len(keys)), make([]*V, len(keys))
	for i, k := range keys {
		if r := tb.visible(t, k); r != nil && keep(r.version(t)) {
			rows[i], seen[i] = r, r.version(t)
		}
	}
	return lockRows(ctx, t, rows, exclusive, func(i int, r *row[K, V], v *V) error {
		if v != seen[i] {
			return nil
		}
		return fn(i, r, v)
	})
}

// insert adds a row. A key that is taken is an error, or says false where the statement has
// ON CONFLICT DO NOTHING. A key that somebody else is writing is waited for.
func (tb *table[K, V]) insert(ctx context.Context, t *transaction, v *V, doNothing bool) (bool, error) {
	if tb.check != nil {
		if err := tb.check(v); err != nil {
			return false, err
		}
	}
	k := tb.key(v)
	for {
		r, ok := tb.rows.get(k)
		switch {
		case !ok:
			r = &row[K, V]{table: tb, key: k}
			r.grant(t, exclusive)
			t.hold(r)
			tb.rows.put(k, r)
			r.write(t, v)
			return true, nil
		case r.conflicts(t, settled):
			if err := t.await(ctx, &r.rowLock, settled, r.String); err != nil {
				return false, err
			}
		case r.version(t) == nil: // deleted by t itself
			r.write(t, v)
			return true, nil
		case doNothing:
			return false, nil
		default:
			return false, tb.taken(k)
		}
	}
}

func (tb *table[K, V]) taken(k K) error {
	return &port.ConstraintError{
		Class: tb.takenClass, SQLState: "23505", Table: tb.about.name, Constraint: tb.about.primary,
		Message: fmt.Sprintf("duplicate key value violates unique constraint %q: %v is taken",
			tb.about.primary, k),
	}
}

// upsert is INSERT ... ON CONFLICT (key) DO UPDATE: merge says what becomes of the version that is
// there, whether or not the statement's snapshot shows it.
func (tb *table[K, V]) upsert(ctx context.Context, t *transaction, v *V, merge func(old *V) *V) error {
	for {
		done, err := tb.insert(ctx, t, v, true)
		if done || err != nil {
			return err
		}
		r, ok := tb.rows.get(tb.key(v))
		if !ok {
			continue
		}
		old, err := r.lock(ctx, t, exclusive)
		if err != nil {
			return err
		}
		if old != nil {
			return r.update(t, merge(old))
		}
	}
}

func (tb *table[K, V]) relation() *relation { return tb.about }

// decode renders a version as the log does: all columns, or those of the key.
func (tb *table[K, V]) decode(version any, whole bool) []port.Column {
	v, _ := version.(*V)
	if v == nil {
		return nil
	}
	cs := tb.columns(v)
	if !whole {
		cs = cs[:tb.about.keyColumns]
	}
	return cs
}
