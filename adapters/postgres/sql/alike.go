package sql

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
)

// A batch of a hot SKU's orders has most of its values in common: the SKU, the times, the epoch. Sent and
// unpacked once for each row they cost the server a sixth of what the inserts cost, and us half of the
// encoding. So the inserts of settle have a second text, in which what all rows share is one scalar each.

// alike makes one array parameter of each varying column, named, and behind them one scalar of each other column:
// or says that the rows differ in one of those, or that there are none.
func alike[R any](rows *[]R, columns []Column[R], varying ...string) ([]Field, bool) {
	if len(*rows) == 0 {
		return nil, false
	}
	fields, shared := make([]Field, 0, len(columns)), make([]Field, 0, len(columns))
	for _, c := range columns {
		if slices.Contains(varying, c.Name) {
			fields = append(fields, Field{c.Name, c.Type.Array(), array[R]{rows, c.At}})
			continue
		}
		first := c.At(&(*rows)[0]).(sharable)
		for i := range *rows {
			if !first.same(c.At(&(*rows)[i])) {
				return nil, false
			}
		}
		shared = append(shared, Field{c.Name, c.Type, first.ofAll(every[R]{rows, c.At})})
	}
	return append(fields, shared...), true
}

// sharable is a view that a batch may have in common.
type sharable interface {
	same(other any) bool
	// ofAll is a view of the same field of all rows.
	ofAll(rows everyRow) any
}

func (v number[T]) same(other any) bool { o, ok := other.(number[T]); return ok && *o.p == *v.p }
func (v numberOrNull[T]) same(other any) bool {
	o, ok := other.(numberOrNull[T])
	return ok && *o.p == *v.p
}
func (v idOrNull) same(other any) bool { o, ok := other.(idOrNull); return ok && *o.p == *v.p }
func (v text[T]) same(other any) bool  { o, ok := other.(text[T]); return ok && *o.p == *v.p }

func (v number[T]) ofAll(rows everyRow) any       { return sharedNumber{rows} }
func (v numberOrNull[T]) ofAll(rows everyRow) any { return sharedNumber{rows} }
func (v idOrNull) ofAll(rows everyRow) any        { return sharedID{rows} }
func (v text[T]) ofAll(rows everyRow) any         { return sharedText{rows} }

// everyRow is one field of every row of a list.
type everyRow interface {
	first() any
	each(scan func(view any) error) error
}

type every[R any] struct {
	rows *[]R
	at   func(*R) any
}

func (e every[R]) first() any { return e.at(&(*e.rows)[0]) }

func (e every[R]) each(scan func(view any) error) error {
	for i := range *e.rows {
		if err := scan(e.at(&(*e.rows)[i])); err != nil {
			return err
		}
	}
	return nil
}

// The shared views read the first row and write all of them, so that on the fake's side the arrays, which say
// how many rows there are, must be scanned before.

type sharedNumber struct{ everyRow }

func (v sharedNumber) Int64Value() (pgtype.Int8, error) {
	return v.first().(pgtype.Int64Valuer).Int64Value()
}
func (v sharedNumber) ScanInt64(n pgtype.Int8) error {
	return v.each(func(view any) error { return view.(pgtype.Int64Scanner).ScanInt64(n) })
}

type sharedID struct{ everyRow }

func (v sharedID) UUIDValue() (pgtype.UUID, error) { return v.first().(pgtype.UUIDValuer).UUIDValue() }
func (v sharedID) ScanUUID(u pgtype.UUID) error {
	return v.each(func(view any) error { return view.(pgtype.UUIDScanner).ScanUUID(u) })
}

type sharedText struct{ everyRow }

func (v sharedText) TextValue() (pgtype.Text, error) {
	return v.first().(pgtype.TextValuer).TextValue()
}
func (v sharedText) ScanText(t pgtype.Text) error {
	return v.each(func(view any) error { return view.(pgtype.TextScanner).ScanText(t) })
}

func (v sharedNumber) appendTo(dst []byte, t Type) ([]byte, bool, error) {
	return v.first().(element).appendTo(dst, t)
}
func (v sharedID) appendTo(dst []byte, t Type) ([]byte, bool, error) {
	return v.first().(element).appendTo(dst, t)
}
func (v sharedText) appendTo(dst []byte, t Type) ([]byte, bool, error) {
	return v.first().(element).appendTo(dst, t)
}
