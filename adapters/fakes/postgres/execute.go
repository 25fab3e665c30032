package fakepg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"
)

// fate asks what becomes of a request, and cuts the client off at once where it is late.
func (c *conn) fate(r Request) Fate {
	r.PID = c.pid
	f := c.server.fate(r)
	if f == Late {
		c.net.sever()
	}
	return f
}

// run carries out one portal between the two points where its connection can be lost.
func (c *conn) run(l *portal) error {
	step := Execute
	switch l.control {
	case emptyQuery:
		c.wire.Send(&pgproto3.EmptyQueryResponse{})
		return nil
	case beginBlock:
		step = Begin
	case commitBlock:
		step = Commit
	case rollbackBlock:
		step = Rollback
	}
	if c.status == statusAborted && !l.endsBlock() {
		return errAborted()
	}
	fate := c.fate(Request{Step: step, SQL: l.sql, Statement: l.call.stmt})
	if fate == LoseRequest {
		return errCut
	}
	var err error
	switch step {
	case Begin:
		err = c.begin()
	case Commit:
		err = c.commit()
	case Rollback:
		c.rollbackBlock()
	default:
		err = c.statement(l)
	}
	if fate == LoseResponse {
		return errCut
	}
	return err
}

func (c *conn) complete(tag string) { c.wire.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag)}) }

// begin opens a block. What the flight did before it becomes part of it, as in PostgreSQL.
func (c *conn) begin() error {
	if c.status == statusInBlock {
		c.wire.Send(warning("25001", "there is already a transaction in progress"))
	} else if err := c.openTransaction(); err != nil {
		return err
	}
	c.status = statusInBlock
	c.complete("BEGIN")
	return nil
}

func (c *conn) openTransaction() error {
	if c.open {
		return nil
	}
	if err := c.wait(c.db.Begin); err != nil {
		return err
	}
	c.open = true
	return nil
}

// commit ends a block; an aborted one is rolled back, and only the tag says so.
func (c *conn) commit() error {
	switch c.status {
	case statusAborted:
		c.rollbackBlock()
		return nil
	case statusIdle:
		c.wire.Send(warning("25P01", "there is no transaction in progress"))
	}
	c.status = statusIdle
	if c.open {
		c.open = false
		if err := c.db.Commit(context.Background()); err != nil {
			return err
		}
	}
	c.complete("COMMIT")
	return nil
}

func (c *conn) rollbackBlock() {
	if c.status == statusIdle {
		c.wire.Send(warning("25P01", "there is no transaction in progress"))
	}
	c.rollback()
	c.status = statusIdle
	c.complete("ROLLBACK")
}

// statement executes a query of the catalog and sends its rows.
func (c *conn) statement(l *portal) error {
	if l.call.stmt != nil {
		if err := c.openTransaction(); err != nil {
			return err
		}
		err := c.wait(func(ctx context.Context) error { return c.db.Exec(ctx, l.call.stmt) })
		if err != nil {
			return locate(err, l.query.text)
		}
	}
	n := 0
	if len(l.query.columns) > 0 {
		n = l.call.len()
	}
	for i := range n {
		row, err := c.rows.encode(l.query.columns, l.call.at(i), l.formats)
		if err != nil {
			return fmt.Errorf("%s: row %d: %w", l.query.name, i+1, err)
		}
		c.wire.Send(row)
	}
	c.wire.Send(&pgproto3.CommandComplete{CommandTag: l.query.tag(l.call, n)})
	return nil
}

// simple is the simple protocol: what pgx sends without parameters. One text is one statement here.
func (c *conn) simple(sql string) error {
	if err := c.simpleStatement(sql); err != nil {
		if err = c.fail(err); err != nil {
			return err
		}
	}
	return c.ready()
}

func (c *conn) simpleStatement(sql string) error {
	p, err := c.look(sql)
	if err != nil {
		return err
	}
	l := &portal{prepared: p}
	if p.query != nil {
		if len(p.query.params) > 0 {
			return &Error{Code: "42P02", Message: "there is no parameter $1"}
		}
		l.call = p.query.fresh()
		if len(p.query.columns) > 0 {
			c.sendColumns(p.query, nil)
		}
	}
	if err := c.run(l); err != nil {
		return err
	}
	return c.commitFlight()
}
