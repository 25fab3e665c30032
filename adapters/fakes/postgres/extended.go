package fakepg

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// prepared is a statement as the client prepared it: a query of the catalog, or a word that controls
// the transaction.
type prepared struct {
	sql     string
	query   *query // nil: control
	control control
}

// portal is a prepared statement with its parameters. They are decoded when they are bound: their
// bytes do not outlive the message.
type portal struct {
	*prepared
	call    call
	formats []int16
	done    bool
}

// control is a word that needs no catalog.
type control uint8

const (
	noControl control = iota
	emptyQuery
	beginBlock
	commitBlock
	rollbackBlock
)

// controlOf reads the words of transaction control, and texts that are only a comment (pgx's ping).
func controlOf(sql string) control {
	if strings.HasPrefix(sql, "--") && !strings.Contains(sql, "\n") {
		return emptyQuery
	}
	switch strings.ToLower(strings.Trim(sql, " \t\r\n;")) {
	case "":
		return emptyQuery
	case "begin":
		return beginBlock
	case "commit":
		return commitBlock
	case "rollback":
		return rollbackBlock
	}
	return noControl
}

// endsBlock reports whether an aborted transaction takes it.
func (p *prepared) endsBlock() bool { return p.control == commitBlock || p.control == rollbackBlock }

// look finds what a text means. An unknown one is an error that names it.
func (c *conn) look(sql string) (*prepared, error) {
	p := &prepared{sql: sql, control: controlOf(sql)}
	if p.control == noControl {
		if p.query = c.server.catalog[sql]; p.query == nil {
			return nil, errUnknownSQL(sql)
		}
	}
	if c.status == statusAborted && !p.endsBlock() {
		return nil, errAborted()
	}
	return p, nil
}

func (c *conn) parse(m *pgproto3.Parse) error {
	var p *prepared
	err := c.meet(Request{Step: Prepare, SQL: m.Query}, func() (err error) {
		p, err = c.look(m.Query)
		return err
	})
	if err != nil {
		return err
	}
	if _, taken := c.prepared[m.Name]; taken && m.Name != "" {
		return &Error{Code: "42P05", Message: fmt.Sprintf("prepared statement %q already exists", m.Name)}
	}
	for i, oid := range m.ParameterOIDs {
		if p.query == nil || i >= len(p.query.params) || oid != 0 && oid != uint32(p.query.params[i]) {
			return &Error{Code: "42P18", Message: fmt.Sprintf("parameter $%d is not of type %d", i+1, oid)}
		}
	}
	c.prepared[m.Name] = p
	c.wire.Send(&pgproto3.ParseComplete{})
	return nil
}

func (c *conn) bind(m *pgproto3.Bind) error {
	p, ok := c.prepared[m.PreparedStatement]
	if !ok {
		return &Error{Code: "26000",
			Message: fmt.Sprintf("prepared statement %q does not exist", m.PreparedStatement)}
	}
	if c.status == statusAborted && !p.endsBlock() {
		return errAborted()
	}
	want := 0
	if p.query != nil {
		want = len(p.query.params)
	}
	if len(m.Parameters) != want {
		return &Error{Code: "08P01", Message: fmt.Sprintf(
			"bind message supplies %d parameters, but prepared statement %q requires %d",
			len(m.Parameters), m.PreparedStatement, want)}
	}
	l := &portal{prepared: p}
	if p.query != nil {
		var err error
		if l.call, err = p.query.read(m.Parameters, m.ParameterFormatCodes); err != nil {
			return err
		}
		l.formats = append(l.formats, m.ResultFormatCodes...)
	}
	c.portals[m.DestinationPortal] = l
	c.wire.Send(&pgproto3.BindComplete{})
	return nil
}

func (c *conn) describe(m *pgproto3.Describe) error {
	var p *prepared
	var formats []int16
	if m.ObjectType == 'S' {
		p = c.prepared[m.Name]
	} else if l := c.portals[m.Name]; l != nil {
		p, formats = l.prepared, l.formats
	}
	if p == nil {
		return c.missing(m.ObjectType, m.Name)
	}
	if c.status == statusAborted && p.query != nil && len(p.query.columns) > 0 {
		return errAborted()
	}
	if m.ObjectType == 'S' {
		oids := pgproto3.ParameterDescription{}
		if p.query != nil {
			for _, t := range p.query.params {
				oids.ParameterOIDs = append(oids.ParameterOIDs, uint32(t))
			}
		}
		c.wire.Send(&oids)
	}
	c.sendColumns(p.query, formats)
	return nil
}

// missing is the error for a name that is not there.
func (c *conn) missing(object byte, name string) error {
	if object == 'S' {
		return &Error{Code: "26000", Message: fmt.Sprintf("prepared statement %q does not exist", name)}
	}
	return &Error{Code: "34000", Message: fmt.Sprintf("portal %q does not exist", name)}
}

func (c *conn) sendColumns(q *query, formats []int16) {
	if q == nil || len(q.columns) == 0 {
		c.wire.Send(&pgproto3.NoData{})
		return
	}
	d := pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, len(q.columns))}
	for i, col := range q.columns {
		d.Fields[i] = pgproto3.FieldDescription{Name: []byte(col.Name), DataTypeOID: uint32(col.Type),
			DataTypeSize: sizeOf(col.Type), TypeModifier: -1, Format: formatOf(formats, i)}
	}
	c.wire.Send(&d)
}

func (c *conn) execute(m *pgproto3.Execute) error {
	l, ok := c.portals[m.Portal]
	switch {
	case !ok:
		return c.missing('P', m.Portal)
	case l.done:
		return &Error{Code: "55000", Message: fmt.Sprintf("portal %q cannot be run anymore", m.Portal)}
	case m.MaxRows != 0:
		return &Error{Code: "0A000", Message: "this server sends all rows of a portal at once"}
	}
	l.done = true
	return c.run(l)
}

// close forgets a statement or a portal; one that is not there is no error.
func (c *conn) close(m *pgproto3.Close) {
	if m.ObjectType == 'S' {
		delete(c.prepared, m.Name)
	} else {
		delete(c.portals, m.Name)
	}
	c.wire.Send(&pgproto3.CloseComplete{})
}

// sync ends a flight: what it executed outside a block was one transaction, and is now committed.
func (c *conn) sync() error {
	if c.skipping {
		c.skipping = false
		return c.ready()
	}
	if err := c.commitFlight(); err != nil {
		if err = c.fail(err); err != nil {
			return err
		}
	}
	return c.ready()
}
