package sql

import "stockproof/model"

// Query is one statement bound to its text.
type Query struct {
	Text   string
	Writes bool // it changes rows (a row lock alone is no write)
	Params []Field
	Rows   Rows
}

// Field is one parameter.
type Field struct {
	Name  string
	Type  Type
	Value any // a view: pgx encodes it and scans into it
}

// Args are the parameters' values, in order.
func (q *Query) Args() []any {
	args := make([]any, len(q.Params))
	for i := range q.Params {
		args[i] = q.Params[i].Value
	}
	return args
}

// Rows is what a query answers: no columns, then no rows are read.
type Rows struct {
	Columns []Head

	next func() []any
	len  func() int
	at   func(i int) []any
}

// Head is the name and the type of a result column.
type Head struct {
	Name string
	Type Type
}

// Next makes room for one more row in the statement and returns what to scan it into. The slice is
// used again by the following call.
func (r *Rows) Next() []any { return r.next() }

// Len is how many rows the statement's results are (for who answers the query).
func (r *Rows) Len() int {
	if r.len == nil {
		return 0
	}
	return r.len()
}

// At returns what to encode as row i (for who answers the query).
func (r *Rows) At(i int) []any { return r.at(i) }

// Column is one column of a row type.
type Column[R any] struct {
	Name string
	Type Type
	At   func(*R) any
}

// list reads rows into a slice.
func list[R any](rows *[]R, columns []Column[R]) Rows {
	buf := make([]any, len(columns))
	view := func(r *R) []any {
		for i := range columns {
			buf[i] = columns[i].At(r)
		}
		return buf
	}
	return Rows{
		Columns: heads(columns),
		next: func() []any {
			*rows = append(*rows, *new(R))
			return view(&(*rows)[len(*rows)-1])
		},
		len: func() int { return len(*rows) },
		at:  func(i int) []any { return view(&(*rows)[i]) },
	}
}

// one reads at most one row into the statement's own fields; found says whether there was one.
func one(found *bool, fields ...Field) Rows {
	r := single(fields...)
	next := r.next
	r.next = func() []any { *found = true; return next() }
	r.len = func() int {
		if *found {
			return 1
		}
		return 0
	}
	return r
}

// single reads exactly one row.
func single(fields ...Field) Rows {
	values := make([]any, len(fields))
	columns := make([]Head, len(fields))
	for i, f := range fields {
		values[i], columns[i] = f.Value, Head{f.Name, f.Type}
	}
	return Rows{
		Columns: columns,
		next:    func() []any { return values },
		len:     func() int { return 1 },
		at:      func(int) []any { return values },
	}
}

// guarded is the row of a query that ends in ledger.must: true, or the query failed.
func guarded() Rows {
	ok := true
	return single(Field{"must", Bool, flag{&ok}})
}

func heads[R any](columns []Column[R]) []Head {
	h := make([]Head, len(columns))
	for i, c := range columns {
		h[i] = Head{c.Name, c.Type}
	}
	return h
}

// arrays makes one array parameter of each column.
func arrays[R any](rows *[]R, columns []Column[R]) []Field {
	fields := make([]Field, len(columns))
	for i, c := range columns {
		fields[i] = Field{c.Name, c.Type.Array(), array[R]{rows, c.At}}
	}
	return fields
}

// ids makes an array parameter of a list of ids.
func ids(name string, list *[]model.ID) Field {
	return Field{name, UUID.Array(), array[model.ID]{list, func(p *model.ID) any { return id{p} }}}
}
