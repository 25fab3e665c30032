package fakepg

import (
	"fmt"

	"stockproof/model"
)

// args reads the parameters of one bound statement, in the order $1, $2, ... The first value that
// cannot be read is the error; everything after it reads as zero. NULL reads as zero too: the ports
// have no other word for absent.
type args struct {
	query   *query
	formats []int16
	values  [][]byte
	next    int
	err     error
}

func (a *args) bool() bool    { return readValue(a, oidBool, decodeBool) }
func (a *args) int2() int16   { return int16(readValue(a, oidInt2, decodeInt("smallint", 2))) }
func (a *args) int4() int32   { return int32(readValue(a, oidInt4, decodeInt("integer", 4))) }
func (a *args) int8() int64   { return readValue(a, oidInt8, decodeInt("bigint", 8)) }
func (a *args) text() string  { return readValue(a, oidText, decodeText) }
func (a *args) bytes() []byte { return readValue(a, oidBytea, decodeBytes) }
func (a *args) id() model.ID  { return readValue(a, oidUUID, decodeUUID) }

func (a *args) bools() []bool    { return readList(a, oidBoolList, oidBool, decodeBool) }
func (a *args) int2s() []int64   { return readList(a, oidInt2List, oidInt2, decodeInt("smallint", 2)) }
func (a *args) int4s() []int64   { return readList(a, oidInt4List, oidInt4, decodeInt("integer", 4)) }
func (a *args) int8s() []int64   { return readList(a, oidInt8List, oidInt8, decodeInt("bigint", 8)) }
func (a *args) texts() []string  { return readList(a, oidTextList, oidText, decodeText) }
func (a *args) bytess() [][]byte { return readList(a, oidByteaList, oidBytea, decodeBytes) }
func (a *args) ids() []model.ID  { return readList(a, oidUUIDList, oidUUID, decodeUUID) }

// isNull looks ahead: whether the next parameter is NULL.
func (a *args) isNull() bool { return a.next < len(a.values) && a.values[a.next] == nil }

// take gives the next parameter and its format.
func (a *args) take(oid uint32) ([]byte, int16) {
	i := a.next
	a.next++
	if a.err != nil {
		return nil, 0
	}
	if i >= len(a.query.params) || a.query.params[i].oid != oid {
		a.err = a.query.broken("parameter $%d is not read as it was declared", i+1)
		return nil, 0
	}
	if i >= len(a.values) {
		a.err = a.query.broken("parameter $%d was not bound", i+1)
		return nil, 0
	}
	return a.values[i], formatOf(a.formats, i)
}

// fail keeps the first error, naming the parameter.
func (a *args) fail(err error) {
	if a.err != nil {
		return
	}
	if e, ok := err.(*Error); ok {
		named := *e
		named.Where = fmt.Sprintf("unnamed portal parameter $%d of %s", a.next, a.query.name)
		err = &named
	}
	a.err = err
}

// done refuses a binding that did not read every parameter.
func (a *args) done() error {
	if a.err == nil && a.next != len(a.query.params) {
		a.err = a.query.broken("%d of %d parameters were read", a.next, len(a.query.params))
	}
	return a.err
}

func readValue[T any](a *args, oid uint32, decode decoder[T]) (v T) {
	src, format := a.take(oid)
	if src == nil || a.err != nil {
		return v
	}
	v, err := decode(src, format)
	if err != nil {
		a.fail(err)
	}
	return v
}

func readList[T any](a *args, oid, elem uint32, decode decoder[T]) (list []T) {
	src, format := a.take(oid)
	if src == nil || a.err != nil {
		return nil
	}
	err := eachElement(src, format, elem, func(src []byte) error {
		var v T
		var err error
		if src != nil {
			v, err = decode(src, format)
		}
		list = append(list, v)
		return err
	})
	if err != nil {
		a.fail(err)
	}
	return list
}

// formatOf is the format of the i-th value: no code means text, one code counts for all.
func formatOf(formats []int16, i int) int16 {
	switch {
	case len(formats) == 0:
		return formatText
	case len(formats) == 1:
		return formats[0]
	case i < len(formats):
		return formats[i]
	}
	return formatText
}
