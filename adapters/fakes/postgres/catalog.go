package fakepg

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

// catalog is every SQL text that the server knows.
type catalog map[string]*query

// query is one of them: its signature, and how it becomes a statement of the ports.
type query struct {
	name    string // of the statement's type
	text    string
	params  []sql.Type
	columns []sql.Head
	verb    string // of its command tag
	fresh   func() call
}

// call is one execution of a query: a statement, views of its fields to read the parameters into,
// and views of its results.
type call struct {
	stmt   port.Statement // nil: the answer needs no database
	params []any
	len    func() int
	at     func(i int) []any
}

// read decodes the parameters of a Bind message. The error names the parameter.
func (q *query) read(values [][]byte, formats []int16) (call, error) {
	c := q.fresh()
	for i, v := range values {
		if err := scan(q.params[i], v, formatOf(formats, i), c.params[i]); err != nil {
			e := *asError(err)
			e.Where = fmt.Sprintf("parameter $%d of %s", i+1, q.name)
			return call{}, &e
		}
	}
	return c, nil
}

// tag is the command tag of an execution that returned n rows. Where a query returns none, the count
// is that of the rows handed to it; PostgreSQL leaves out those that ON CONFLICT DO NOTHING skips.
func (q *query) tag(c call, n int) []byte {
	if len(q.columns) == 0 {
		n = 1
		if list, ok := first(c.params).(pgtype.ArrayGetter); ok {
			n = int(list.Dimensions()[0].Length)
		}
	}
	if q.verb == "INSERT" {
		return fmt.Appendf(nil, "INSERT 0 %d", n)
	}
	return fmt.Appendf(nil, "%s %d", q.verb, n)
}

// verbOf is the word that a text's command tag begins with: the first command that is not inside
// parentheses, which is where the queries of a WITH are.
func verbOf(text string) string {
	depth := 0
	for word := range strings.FieldsFuncSeq(markParentheses(text), isSpace) {
		switch word = strings.ToUpper(word); word {
		case "(":
			depth++
		case ")":
			depth--
		case "SELECT", "INSERT", "UPDATE", "DELETE":
			if depth == 0 {
				return word
			}
		}
	}
	return "SELECT"
}

func markParentheses(text string) string {
	return strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == ';' }

func first(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}
