package postgres

import (
	"context"
	"slices"
)

// appendTo collects versions as they are locked.
func appendTo[K comparable, V any](out *[]V) func(i int, r *row[K, V], v *V) error {
	return func(_ int, _ *row[K, V], v *V) error {
		*out = append(*out, *v)
		return nil
	}
}

// scan is at most max rows that t sees behind after, in key order.
func scan[K comparable, V any](t *transaction, tb *table[K, V], after K, max int) (rows []*row[K, V]) {
	tb.rows.after(after, func(_ K, r *row[K, V]) bool { return collect(t, &rows, r, max) })
	return rows
}

// first is scan from the first row on.
func first[K comparable, V any](t *transaction, tb *table[K, V], max int) (rows []*row[K, V]) {
	tb.rows.all(func(_ K, r *row[K, V]) bool { return collect(t, &rows, r, max) })
	return rows
}

func collect[K comparable, V any](t *transaction, rows *[]*row[K, V], r *row[K, V], max int) (more bool) {
	if len(*rows) >= max {
		return false
	}
	if r.version(t) != nil {
		*rows = append(*rows, r)
	}
	return true
}

func versions[K comparable, V any](t *transaction, rows []*row[K, V]) []V {
	out := make([]V, 0, len(rows))
	for _, r := range rows {
		out = append(out, *r.version(t))
	}
	return out
}

// ordered is keys in their order, which is the one that they come in by contract.
func (tb *table[K, V]) ordered(keys []K) []K {
	if slices.IsSortedFunc(keys, tb.rows.compare) {
		return keys
	}
	keys = slices.Clone(keys)
	slices.SortFunc(keys, tb.rows.compare)
	return keys
}

func keysOf[K comparable, V any](vs []V, key func(v *V) K) []K {
	keys := make([]K, len(vs))
	for i := range vs {
		keys[i] = key(&vs[i])
	}
	return keys
}

// find appends the versions of keys that t sees, in the order given.
func find[K comparable, V any](t *transaction, tb *table[K, V], keys []K) []V {
	out := make([]V, 0, len(keys))
	for _, k := range tb.ordered(keys) {
		if v := tb.get(t, k); v != nil {
			out = append(out, *v)
		}
	}
	return out
}

// addAll inserts copies of vs.
func addAll[K comparable, V any](
	ctx context.Context, t *transaction, tb *table[K, V], vs []V, doNothing bool,
) error {
	own := append(make([]V, 0, len(vs)), vs...)
	for i := range own {
		if _, err := tb.insert(ctx, t, &own[i], doNothing); err != nil {
			return err
		}
	}
	return nil
}
