package debezium

import (
	"strconv"

	"stockproof/model"
)

// reader takes typed fields out of an object and keeps the first error: callers read everything they
// need and look at err once.
type reader struct {
	fields []field
	path   string // "" at the root of a record's value
	err    *error // shared by the readers of one record
}

func newReader(path string, fields []field) *reader {
	return &reader{fields: fields, path: path, err: new(error)}
}

func (r *reader) fail(name, format string, args ...any) {
	if *r.err == nil {
		*r.err = model.Contractf(r.name(name), format, args...)
	}
}

func (r *reader) name(name string) string {
	if r.path == "" {
		return name
	}
	return r.path + "." + name
}

// lookup is the value of a field; absent and null are the same to most readers.
func (r *reader) lookup(name string) (v value, present bool) {
	for i := range r.fields {
		if r.fields[i].name == name {
			if v = r.fields[i].value; v.kind == null {
				return value{}, false
			}
			return v, true
		}
	}
	return value{}, false
}

// has reports whether the field is there, null or not.
func (r *reader) has(name string) bool {
	for i := range r.fields {
		if r.fields[i].name == name {
			return true
		}
	}
	return false
}

// typed is a field that must be of kind k, or absent or null where optional.
func (r *reader) typed(name string, k kind, optional bool) (value, bool) {
	v, ok := r.lookup(name)
	switch {
	case !ok && !optional && r.has(name):
		r.fail(name, "is null")
	case !ok && !optional:
		r.fail(name, "is absent")
	case ok && v.kind != k:
		r.fail(name, "is %s, not %s", v.kind, k)
		return value{}, false
	}
	return v, ok
}

func (r *reader) text(name string) string {
	v, _ := r.typed(name, text, false)
	return v.text
}

func (r *reader) optionalText(name string) string {
	v, _ := r.typed(name, text, true)
	return v.text
}

func (r *reader) integer(name string) int64 {
	v, ok := r.typed(name, number, false)
	return r.exact(name, v, ok)
}

// optionalInteger is 0 where the field is absent or null.
func (r *reader) optionalInteger(name string) int64 {
	v, ok := r.typed(name, number, true)
	return r.exact(name, v, ok)
}

func (r *reader) exact(name string, v value, ok bool) int64 {
	if !ok {
		return 0
	}
	n, exact := parseInteger(v.text)
	if !exact {
		r.fail(name, "%s is not a 64-bit integer", v.text)
	}
	return n
}

// position is an LSN: positive, 0 where the field is absent or null.
func (r *reader) position(name string) uint64 {
	n := r.optionalInteger(name)
	if n < 0 {
		r.fail(name, "%d is not a position in the log", n)
		return 0
	}
	return uint64(n)
}

func (r *reader) object(name string, optional bool) (*reader, bool) {
	v, ok := r.typed(name, object, optional)
	return &reader{fields: v.fields, path: r.name(name), err: r.err}, ok
}

// parseInteger reads a decimal integer without fraction or exponent.
func parseInteger(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// safeInteger reports whether a number's text is an integer that every JSON reader holds exactly.
func safeInteger(s string) bool {
	n, ok := parseInteger(s)
	return ok && n >= -model.MaxNumber && n <= model.MaxNumber
}
