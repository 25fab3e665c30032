package sql

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Type is the object id of a PostgreSQL type. Only these and their arrays occur.
type Type uint32

// The types.
const (
	UUID  Type = pgtype.UUIDOID
	Text  Type = pgtype.TextOID
	Bytea Type = pgtype.ByteaOID
	Bool  Type = pgtype.BoolOID
	Int2  Type = pgtype.Int2OID
	Int4  Type = pgtype.Int4OID
	Int8  Type = pgtype.Int8OID
)

// Array is the type of arrays of t.
func (t Type) Array() Type {
	switch t {
	case UUID:
		return pgtype.UUIDArrayOID
	case Text:
		return pgtype.TextArrayOID
	case Bytea:
		return pgtype.ByteaArrayOID
	case Bool:
		return pgtype.BoolArrayOID
	case Int2:
		return pgtype.Int2ArrayOID
	case Int4:
		return pgtype.Int4ArrayOID
	case Int8:
		return pgtype.Int8ArrayOID
	}
	panic(fmt.Sprintf("sql: no array of type %d", t))
}

// element is the type of the elements of t, an array of one of the types above.
func (t Type) element() Type {
	for _, e := range [...]Type{UUID, Text, Bytea, Bool, Int2, Int4, Int8} {
		if e.Array() == t {
			return e
		}
	}
	panic(fmt.Sprintf("sql: type %d is no array", t))
}

// The views below are pointers in a coat: they fit into an interface without an allocation, and pgx
// encodes and scans them through their methods, without reflection.

type integer interface {
	~int | ~int16 | ~int32 | ~int64 | ~uint8
}

// number views an integer, of any width.
type number[T integer] struct{ p *T }

func (v number[T]) Int64Value() (pgtype.Int8, error) {
	return pgtype.Int8{Int64: int64(*v.p), Valid: true}, nil
}
func (v number[T]) ScanInt64(n pgtype.Int8) error {
	*v.p = T(n.Int64)
	if int64(*v.p) != n.Int64 {
		return fmt.Errorf("%d does not fit into %T", n.Int64, *v.p)
	}
	return nil
}

// numberOrNull is number with 0 as NULL.
type numberOrNull[T integer] struct{ p *T }

func (v numberOrNull[T]) Int64Value() (pgtype.Int8, error) {
	return pgtype.Int8{Int64: int64(*v.p), Valid: *v.p != 0}, nil
}
func (v numberOrNull[T]) ScanInt64(n pgtype.Int8) error { return number[T](v).ScanInt64(n) }

// id views a uuid.
type id struct{ p *model.ID }

func (v id) UUIDValue() (pgtype.UUID, error) { return pgtype.UUID{Bytes: *v.p, Valid: true}, nil }
func (v id) ScanUUID(u pgtype.UUID) error {
	*v.p = model.ID{}
	if u.Valid {
		*v.p = u.Bytes
	}
	return nil
}

// idOrNull is id with the absent id as NULL.
type idOrNull struct{ p *model.ID }

func (v idOrNull) UUIDValue() (pgtype.UUID, error) {
	return pgtype.UUID{Bytes: *v.p, Valid: !v.p.IsZero()}, nil
}
func (v idOrNull) ScanUUID(u pgtype.UUID) error { return id(v).ScanUUID(u) }

// text views a string.
type text[T ~string] struct{ p *T }

func (v text[T]) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(*v.p), Valid: true}, nil
}
func (v text[T]) ScanText(t pgtype.Text) error {
	*v.p = T(t.String)
	return nil
}

// flag views a boolean.
type flag struct{ p *bool }

func (v flag) BoolValue() (pgtype.Bool, error) { return pgtype.Bool{Bool: *v.p, Valid: true}, nil }
func (v flag) ScanBool(b pgtype.Bool) error {
	*v.p = b.Valid && b.Bool
	return nil
}

// blob views bytes; nil is NULL, empty is not.
type blob struct{ p *[]byte }

func (v blob) BytesValue() ([]byte, error) { return *v.p, nil }
func (v blob) ScanBytes(b []byte) error {
	*v.p = nil
	if b != nil {
		*v.p = append([]byte{}, b...)
	}
	return nil
}

// digest views a fingerprint.
type digest struct{ p *model.Fingerprint }

func (v digest) BytesValue() ([]byte, error) { return v.p[:], nil }
func (v digest) ScanBytes(b []byte) error {
	if copy(v.p[:], b) != len(v.p) || len(b) != len(v.p) {
		return fmt.Errorf("a fingerprint of %d bytes, not %d", len(b), len(v.p))
	}
	return nil
}

// deadSKU and deadLoc view the lane of a dead letter, which may have none.
type deadSKU struct{ p *port.DeadRow }

func (v deadSKU) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(v.p.Lane.SKU), Valid: v.p.HasLane}, nil
}
func (v deadSKU) ScanText(t pgtype.Text) error {
	v.p.Lane.SKU, v.p.HasLane = model.SKU(t.String), t.Valid
	return nil
}

type deadLoc struct{ p *port.DeadRow }

func (v deadLoc) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(v.p.Lane.Loc), Valid: v.p.HasLane}, nil
}
func (v deadLoc) ScanText(t pgtype.Text) error {
	v.p.Lane.Loc = model.Location(t.String)
	return nil
}

// array views one column of a list of rows: pgx reads and writes it element by element.
type array[R any] struct {
	rows *[]R
	at   func(*R) any
}

// Dimensions, Index and IndexType make pgx encode it.
func (a array[R]) Dimensions() []pgtype.ArrayDimension {
	return []pgtype.ArrayDimension{{Length: int32(len(*a.rows)), LowerBound: 1}}
}
func (a array[R]) Index(i int) any { return a.at(&(*a.rows)[i]) }
func (a array[R]) IndexType() any  { return a.at(new(R)) }

// SetDimensions, ScanIndex and ScanIndexType make pgx scan into it. The list keeps what its other
// columns wrote.
func (a array[R]) SetDimensions(d []pgtype.ArrayDimension) error {
	n := 0
	if len(d) > 1 {
		return fmt.Errorf("an array of %d dimensions", len(d))
	}
	if len(d) == 1 {
		n = int(d[0].Length)
	}
	if len(*a.rows) != n {
		*a.rows = make([]R, n)
	}
	return nil
}
func (a array[R]) ScanIndex(i int) any { return a.at(&(*a.rows)[i]) }
func (a array[R]) ScanIndexType() any  { return a.at(new(R)) }
