package fakepg

import (
	"fmt"
	"strings"

	"stockproof/inventory/port"
)

// query is one SQL text that the server knows: its signature, and how it becomes a statement of the
// ports and a result again.
type query struct {
	name    string // of the statement's type
	sql     string
	params  []typeInfo
	columns []column
	verb    string // of the command tag, with the 0 of "INSERT 0"
	decode  func(*args) port.Statement
	encode  func(port.Statement, *rows)
}

// column is one result column.
type column struct {
	name string
	typeInfo
}

// broken is a binding that contradicts its own declaration.
func (q *query) broken(format string, values ...any) error {
	return &Error{Code: "XX000", Message: fmt.Sprintf("%s: %s", q.name, fmt.Sprintf(format, values...))}
}

// tag is the command tag for n rows.
func (q *query) tag(n int64) []byte { return fmt.Appendf(nil, "%s %d", q.verb, n) }

// signature is how a binding declares its query: "uuid[], int8 -> command_id uuid, seq int8".
type signature string

func (s signature) parse() (params []typeInfo, columns []column, err error) {
	known := types()
	in, out, _ := strings.Cut(string(s), "->")
	for _, name := range fields(in) {
		t, ok := known[name]
		if !ok {
			return nil, nil, fmt.Errorf("unknown type %q", name)
		}
		params = append(params, t)
	}
	for _, f := range fields(out) {
		name, typ, _ := strings.Cut(f, " ")
		t, ok := known[typ]
		if !ok {
			return nil, nil, fmt.Errorf("column %s: unknown type %q", name, typ)
		}
		columns = append(columns, column{name, t})
	}
	return params, columns, nil
}

func fields(list string) (out []string) {
	for f := range strings.SplitSeq(list, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}

// catalog is every SQL text that the server knows.
type catalog map[string]*query

// add binds one text. A text that is there already, or a signature that cannot be read, is a bug.
func (c catalog) add(q *query, s signature) {
	var err error
	if q.params, q.columns, err = s.parse(); err != nil {
		panic(fmt.Sprintf("fakepg: %s: %v", q.name, err))
	}
	if _, taken := c[q.sql]; taken {
		panic(fmt.Sprintf("fakepg: %s: its SQL is bound twice", q.name))
	}
	c[q.sql] = q
}
