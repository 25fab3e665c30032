package memory

import (
	"fmt"
	"reflect"
	"strings"
)

// Shapes remembers how values of a type are summed up, and what texts come to: worlds that never run at once may
// share one.
type Shapes struct {
	of    map[reflect.Type]shape
	texts map[string]uint64
}

// shape adds a value of one type to a hash.
type shape func(h *Hash, v reflect.Value)

// textLimit is how many texts are remembered at once.
const textLimit = 4096

// NewShapes knows no type yet.
func NewShapes() *Shapes {
	return &Shapes{of: map[reflect.Type]shape{}, texts: map[string]uint64{}}
}

// value adds any value but nil.
func (s *Shapes) value(h *Hash, v any) {
	r := reflect.ValueOf(v)
	s.shape(r.Type())(h, r)
}

// text adds bytes without the values of numbered fields, should they be JSON.
func (s *Shapes) text(h *Hash, b []byte) {
	sum, known := s.texts[string(b)]
	if !known {
		t := NewHash()
		t.text(lasting(b))
		sum = uint64(t)
		if len(s.texts) == textLimit {
			clear(s.texts)
		}
		s.texts[string(b)] = sum
	}
	h.Word(sum)
}

// shape is a type's.
func (s *Shapes) shape(t reflect.Type) shape {
	if known, ok := s.of[t]; ok {
		return known
	}
	// A type may contain itself behind a pointer, a slice or an interface: those look when they are asked.
	made := s.make(t)
	s.of[t] = made
	return made
}

var errorType = reflect.TypeFor[error]()

func (s *Shapes) make(t reflect.Type) shape {
	switch t.Kind() {
	case reflect.Bool:
		return func(h *Hash, v reflect.Value) { h.Flag(v.Bool()) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(h *Hash, v reflect.Value) { h.Word(uint64(v.Int())) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(h *Hash, v reflect.Value) { h.Word(v.Uint()) }
	case reflect.String:
		return func(h *Hash, v reflect.Value) {
			if text := v.String(); strings.HasPrefix(text, "{") {
				s.text(h, []byte(text))
			} else {
				h.Text(text)
			}
		}
	case reflect.Struct:
		return s.structure(t)
	case reflect.Pointer, reflect.Interface:
		return s.indirect(t)
	case reflect.Slice, reflect.Array:
		return s.list(t)
	}
	panic(fmt.Sprintf("memory: two values of type %s cannot be told apart", t))
}

func (s *Shapes) structure(t reflect.Type) shape {
	type field struct {
		index int
		shape shape
	}
	var fields []field
	for i := range t.NumField() {
		if !transient(t.Field(i).Name) {
			fields = append(fields, field{i, s.shape(t.Field(i).Type)})
		}
	}
	return func(h *Hash, v reflect.Value) {
		for i := range fields {
			fields[i].shape(h, v.Field(fields[i].index))
		}
	}
}

func (s *Shapes) indirect(t reflect.Type) shape {
	if t == errorType {
		return func(h *Hash, v reflect.Value) {
			if !v.CanInterface() {
				h.Flag(v.IsNil())
				return
			}
			err, _ := v.Interface().(error)
			h.Failure(err)
		}
	}
	return func(h *Hash, v reflect.Value) {
		if v.IsNil() {
			h.Word(3)
			return
		}
		to := v.Elem()
		s.shape(to.Type())(h, to)
	}
}

func (s *Shapes) list(t reflect.Type) shape {
	switch {
	case t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice:
		return func(h *Hash, v reflect.Value) { s.text(h, v.Bytes()) }
	case t.Elem().Kind() == reflect.Uint8:
		return addBytes
	case t.Kind() == reflect.Array:
		element := s.shape(t.Elem())
		return func(h *Hash, v reflect.Value) {
			for i := range v.Len() {
				element(h, v.Index(i))
			}
		}
	}
	var element shape
	return func(h *Hash, v reflect.Value) {
		n := v.Len()
		h.Word(uint64(n))
		if element == nil && n > 0 {
			element = s.shape(t.Elem())
		}
		for i := range n {
			element(h, v.Index(i))
		}
	}
}

// addBytes adds an array of bytes.
func addBytes(h *Hash, v reflect.Value) {
	if v.CanAddr() {
		h.text(v.Bytes())
		return
	}
	var room [32]byte
	b := room[:0]
	for i := range v.Len() {
		b = append(b, byte(v.Index(i).Uint()))
	}
	h.text(b)
}

// transient names the fields whose value is a number that only says who was faster: transaction numbers,
// positions in the log, and the numbers of events and attempts in what checkers are told.
func transient(field string) bool {
	switch field {
	case "LSN", "CommitLSN", "PrevCommitLSN", "XID", "xid", "IntakeXID", "Horizon", "Attempt", "Since":
		return true
	}
	return false
}
