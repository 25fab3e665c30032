package fakepg

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

// newCatalog knows every text that the adapter has, and no other: it is read off the adapter's own
// bindings, backwards. A statement that has no binding, or two with one text, are bugs.
func newCatalog(systemID string) catalog {
	c := catalog{sql.Session: sessionQuery(systemID)}
	for _, form := range sql.Forms() {
		q := reversed(form)
		if other, taken := c[q.text]; taken {
			panic(fmt.Sprintf("fakepg: %s and %s have the same text", q.name, other.name))
		}
		c[q.text] = q
	}
	return c
}

// sessionQuery is what the adapter asks of a new connection: the four settings it has made. They are
// about PostgreSQL's planner and its identity; the store has no planner, and knows its identity.
func sessionQuery(systemID string) *query {
	settings := []string{systemID, "force_generic_plan", "off", "off"}
	q := &query{name: "Session", text: sql.Session, verb: verbOf(sql.Session)}
	views := make([]any, len(settings))
	for i, s := range settings {
		q.columns = append(q.columns, sql.Head{Name: "set_config", Type: sql.Text})
		views[i] = pgtype.Text{String: s, Valid: true}
	}
	q.fresh = func() call {
		return call{len: func() int { return 1 }, at: func(int) []any { return views }}
	}
	return q
}

// reversed is a form's binding as the server sees it.
func reversed(form sql.Form) *query {
	b := mustBind(form.New())
	q := &query{name: form.Name, text: b.Text, columns: b.Rows.Columns, verb: verbOf(b.Text)}
	for _, f := range b.Params {
		q.params = append(q.params, f.Type)
	}
	q.fresh = func() call {
		stmt := form.New()
		b := mustBind(stmt)
		return call{stmt: stmt, params: b.Args(), len: b.Rows.Len, at: b.Rows.At}
	}
	return q
}

func mustBind(stmt port.Statement) sql.Query {
	b, err := sql.Bind(stmt)
	if err != nil {
		panic("fakepg: " + err.Error())
	}
	return b
}
