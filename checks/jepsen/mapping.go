package jepsen

import (
	"fmt"
	"slices"
	"strings"

	"stockproof/checks/linear"
)

// Mapping says how a history names things. The zero value of each field is Jepsen's own name.
type Mapping struct {
	Process, Type, F, Value, Time, Key string // fields of an event; defaults: process type f value time key
	ID, Ref, Seq, Remaining            string // optional fields of an inventory's history; defaults: id ref seq remaining
	// Functions are what operations are called, beside [Functions].
	Functions map[string]linear.Kind
	// FailIsRefusal: :fail means that a compare-and-set found another value, or that a deduction found too few
	// units, as in etcd's logs. Otherwise it means that nothing happened, and nothing was seen.
	FailIsRefusal bool
	// Model is what the history is of; an operation of the other one is bad input.
	Model Model
}

// Model is what a history is of.
type Model uint8

// The models.
const (
	AnyModel Model = iota // what the operations show: of a counter if one of them is, else of a register
	RegisterModel
	CounterModel
)

var modelNames = [...]string{"auto", "register", "counter"}

func (m Model) String() string {
	if int(m) >= len(modelNames) {
		return fmt.Sprintf("MODEL(%d)", uint8(m))
	}
	return modelNames[m]
}

// ParseModel is the inverse of String.
func ParseModel(s string) (Model, error) {
	if i := slices.Index(modelNames[:], s); i >= 0 {
		return Model(i), nil
	}
	return 0, fmt.Errorf("%q is no model; there are %s", s, strings.Join(modelNames[:], ", "))
}

// Functions are the names that operations have in Jepsen's own tests.
func Functions() map[string]linear.Kind {
	return map[string]linear.Kind{"read": linear.Read, "get": linear.Read, "write": linear.Write, "put": linear.Write,
		"cas": linear.CompareAndSet, "append": linear.Append, "add": linear.Adjust, "inc": linear.Adjust,
		"increment": linear.Adjust, "deduct": linear.Deduct, "restock": linear.Restock, "cancel": linear.Cancel}
}

// fields are the names of an event's fields, by Jepsen's.
func (m *Mapping) fields() map[string]*string {
	return map[string]*string{"process": &m.Process, "type": &m.Type, "f": &m.F, "value": &m.Value, "time": &m.Time,
		"key": &m.Key, "id": &m.ID, "ref": &m.Ref, "seq": &m.Seq, "remaining": &m.Remaining}
}

// ParseMapping reads "what=name,...": what is the name of a field or a kind of operation here, name what the history
// calls it: "process=client,deduct=take". Two kinds of one name, and a field that is named twice, are errors.
func ParseMapping(text string) (Mapping, error) {
	m := Mapping{Functions: map[string]linear.Kind{}}
	fields := m.fields()
	for pair := range strings.SplitSeq(text, ",") {
		if text == "" {
			break
		}
		what, name, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || what == "" || name == "" {
			return m, fmt.Errorf("%q is not of the form what=name", pair)
		}
		if field, is := fields[what]; is {
			if *field != "" {
				return m, fmt.Errorf("%s is named twice, %s and %s", what, *field, name)
			}
			*field = name
			continue
		}
		kind, err := linear.ParseKind(what)
		if err != nil || !slices.Contains(kinds(), kind) {
			return m, fmt.Errorf("%q is no field and no kind of operation", what)
		}
		if other, taken := m.Functions[name]; taken {
			return m, fmt.Errorf("%s is the name of two kinds of operation, %s and %s", name, other, kind)
		}
		m.Functions[name] = kind
	}
	return m, nil
}

// kinds are the kinds of operation that a history can hold.
func kinds() (all []linear.Kind) {
	for _, k := range Functions() {
		all = append(all, k)
	}
	return all
}
