package jsonl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"stockproof/model"
)

// codec writes and reads structs as JSON objects: fields in snake case, embedded structs flattened, zero
// values left out. It remembers the fields of the types that it has seen.
type codec struct{ types map[reflect.Type][]field }

type field struct {
	name  string
	index []int
}

func newCodec() codec { return codec{map[reflect.Type][]field{}} }

// Types that stand for themselves, not for an object of their fields.
var (
	laneType     = reflect.TypeFor[model.LaneKey]()
	skuType      = reflect.TypeFor[model.SKU]()
	locationType = reflect.TypeFor[model.Location]()
	optionalType = reflect.TypeFor[model.Optional]()
)

type texter interface{ MarshalText() ([]byte, error) }

// fields are a struct's, in order.
func (c codec) fields(t reflect.Type) []field {
	if known, ok := c.types[t]; ok {
		return known
	}
	var all []field
	for f := range t.Fields() {
		switch {
		case !f.IsExported():
		case f.Anonymous:
			for _, inner := range c.fields(f.Type) {
				all = append(all, field{inner.name, append(append([]int{}, f.Index...), inner.index...)})
			}
		default:
			all = append(all, field{snake(f.Name), f.Index})
		}
	}
	c.types[t] = all
	return all
}

// snake is "sku_id" for SKUID's like: a word begins where a capital follows a small letter, or precedes one.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		upper := unicode.IsUpper(r)
		after := i > 0 && !unicode.IsUpper(runes[i-1])
		before := i > 0 && i+1 < len(runes) && !unicode.IsUpper(runes[i+1])
		if upper && (after || before) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// object appends a struct.
func (c codec) object(b []byte, v reflect.Value) []byte {
	b = append(b, '{')
	first := true
	for _, f := range c.fields(v.Type()) {
		value := v.FieldByIndex(f.index)
		if value.IsZero() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(append(b, '"'), f.name...), `":`...)
		b = c.value(b, value)
	}
	return append(b, '}')
}

func (c codec) value(b []byte, v reflect.Value) []byte {
	switch v.Type() {
	case laneType:
		k := v.Interface().(model.LaneKey)
		return quoted(b, model.LaneTopicKey(k))
	case skuType, locationType:
		return quoted(b, model.EncodeKey(v.String()))
	case optionalType:
		return strconv.AppendInt(b, v.Interface().(model.Optional).Value, 10)
	}
	if t, ok := v.Interface().(texter); ok {
		text, err := t.MarshalText()
		if err != nil {
			panic(fmt.Sprintf("jsonl: %v has no text: %v", v, err))
		}
		return quoted(b, string(text))
	}
	switch v.Kind() {
	case reflect.Struct:
		return c.object(b, v)
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.String:
		text, _ := json.Marshal(v.String()) // a string always has JSON
		return append(b, text...)
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10)
	}
	panic(fmt.Sprintf("jsonl: no form for a %s", v.Type()))
}

// quoted appends plain ASCII.
func quoted(b []byte, s string) []byte { return append(append(append(b, '"'), s...), '"') }

// members are those of an object.
func members(raw []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, fmt.Errorf("it is not valid UTF-8")
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("it is no JSON object: %w", err)
	}
	if all == nil {
		return nil, fmt.Errorf("it is no JSON object")
	}
	return all, nil
}

// read fills the struct behind v. A member that it does not have is an error.
func (c codec) read(raw []byte, v reflect.Value) error {
	all, err := members(raw)
	if err != nil {
		return err
	}
	for _, f := range c.fields(v.Type()) {
		if text, ok := all[f.name]; ok {
			if err := c.set(text, v.FieldByIndex(f.index)); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			delete(all, f.name)
		}
	}
	for name := range all {
		return fmt.Errorf("there is no member %q", name)
	}
	return nil
}

func (c codec) set(raw json.RawMessage, v reflect.Value) error {
	switch v.Type() {
	case optionalType:
		var n int64
		if err := json.Unmarshal(raw, &n); err != nil {
			return plain(raw, "a whole number")
		}
		v.Set(reflect.ValueOf(model.Some(n)))
		return nil
	case laneType, skuType, locationType:
		return setName(raw, v)
	}
	if _, ok := v.Interface().(texter); !ok && v.Kind() == reflect.Struct {
		return c.read(raw, v)
	}
	if bytes.Equal(raw, []byte("null")) {
		return plain(raw, "a value")
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return plain(raw, "of the kind that stands here: "+err.Error())
	}
	return nil
}

// setName reads what is written as in keys.
func setName(raw json.RawMessage, v reflect.Value) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return plain(raw, "a string")
	}
	if v.Type() == laneType {
		k, err := model.ParseLaneTopicKey(text)
		v.Set(reflect.ValueOf(k))
		return err
	}
	name, err := model.DecodeKey(text)
	v.SetString(name)
	return err
}

func plain(raw json.RawMessage, want string) error { return fmt.Errorf("%s is not %s", raw, want) }
