package sql

import (
	"encoding/binary"
	"fmt"
	"math"
)

// What leaves is encoded here and not by pgx: an order costs a hundred values, and a batch of orders is
// encoded while its lanes are locked. The format is PostgreSQL's binary one (the send and receive
// functions of src/backend/utils/adt).

// element is a view that knows its binary format: Append adds a value of type t, or says that it is NULL.
type element interface {
	appendTo(dst []byte, t Type) (out []byte, null bool, err error)
}

// Append adds the parameter's value in binary format to dst, or says that it is NULL.
func (f *Field) Append(dst []byte) (out []byte, null bool, err error) {
	e, ok := f.Value.(element)
	if !ok {
		return dst, false, fmt.Errorf("parameter %s: %T has no binary format", f.Name, f.Value)
	}
	if out, null, err = e.appendTo(dst, f.Type); err != nil {
		return dst, false, fmt.Errorf("parameter %s: %w", f.Name, err)
	}
	return out, null, nil
}

func appendInteger(dst []byte, n int64, t Type) ([]byte, bool, error) {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	switch t {
	case Int2:
		low, high = math.MinInt16, math.MaxInt16
	case Int4:
		low, high = math.MinInt32, math.MaxInt32
	}
	if n < low || n > high {
		return dst, false, fmt.Errorf("%d does not fit into its column", n)
	}
	switch t {
	case Int2:
		return binary.BigEndian.AppendUint16(dst, uint16(n)), false, nil
	case Int4:
		return binary.BigEndian.AppendUint32(dst, uint32(n)), false, nil
	case Int8:
		return binary.BigEndian.AppendUint64(dst, uint64(n)), false, nil
	}
	return dst, false, fmt.Errorf("an integer for type %d", t)
}

func (v number[T]) appendTo(dst []byte, t Type) ([]byte, bool, error) {
	return appendInteger(dst, int64(*v.p), t)
}

func (v numberOrNull[T]) appendTo(dst []byte, t Type) ([]byte, bool, error) {
	if *v.p == 0 {
		return dst, true, nil
	}
	return appendInteger(dst, int64(*v.p), t)
}

func (v id) appendTo(dst []byte, _ Type) ([]byte, bool, error) {
	return append(dst, v.p[:]...), false, nil
}

func (v idOrNull) appendTo(dst []byte, _ Type) ([]byte, bool, error) {
	if v.p.IsZero() {
		return dst, true, nil
	}
	return append(dst, v.p[:]...), false, nil
}

func (v text[T]) appendTo(dst []byte, _ Type) ([]byte, bool, error) {
	return append(dst, *v.p...), false, nil
}

func (v flag) appendTo(dst []byte, _ Type) ([]byte, bool, error) {
	if *v.p {
		return append(dst, 1), false, nil
	}
	return append(dst, 0), false, nil
}

func (v blob) appendTo(dst []byte, _ Type) ([]byte, bool, error) {
	return append(dst, *v.p...), *v.p == nil, nil
}

func (v digest) appendTo(dst []byte, _ Type) ([]byte, bool, error) {
	return append(dst, v.p[:]...), false, nil
}

func (v deadSKU) appendTo(dst []byte, _ Type) ([]byte, bool, error) {
	if !v.p.HasLane {
		return dst, true, nil
	}
	return append(dst, v.p.Lane.SKU...), false, nil
}

func (v deadLoc) appendTo(dst []byte, _ Type) ([]byte, bool, error) {
	if !v.p.HasLane {
		return dst, true, nil
	}
	return append(dst, v.p.Lane.Loc...), false, nil
}

// appendTo writes the header - one dimension, whether there are NULLs, the elements' type, how many, the
// lower bound - and each element behind its length, which is -1 for NULL.
func (a array[R]) appendTo(dst []byte, t Type) ([]byte, bool, error) {
	rows, kind := *a.rows, t.element()
	dst = binary.BigEndian.AppendUint32(dst, 1)
	nulls := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(kind))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(rows)))
	dst = binary.BigEndian.AppendUint32(dst, 1)
	for i := range rows {
		at := len(dst)
		dst = binary.BigEndian.AppendUint32(dst, math.MaxUint32)
		e, ok := a.at(&rows[i]).(element)
		if !ok {
			return dst, false, fmt.Errorf("%T has no binary format", a.at(&rows[i]))
		}
		out, null, err := e.appendTo(dst, kind)
		if err != nil {
			return dst, false, err
		}
		if dst = out; null {
			dst[nulls+3] = 1
			continue
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst, false, nil
}
