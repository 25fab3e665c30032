package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

// classify gives err the class of port/errors.go that it belongs to. Unsure says that a COMMIT may have
// been on its way when it happened: what would be unavailable is then unknown.
func classify(err error, unsure bool) error {
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case err == nil, port.Class(err) != nil:
		return err
	case errors.As(err, &connect):
		return classifyConnect(err)
	case errors.As(err, &server):
		return classifyState(err, server, unsure)
	case unsure && !pgconn.SafeToRetry(err):
		return fmt.Errorf("%w: %w", port.ErrUnknown, err)
	case isContext(err): // the caller's own wish
		return err
	}
	return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
}

// classifyState reads the SQLSTATE: what another attempt may mend is a conflict or unavailable, the rest
// of classes 22 and 23 is deterministic and a contract violation.
func classifyState(err error, e *pgconn.PgError, unsure bool) error {
	switch class := stateClass(e); {
	case class == nil:
		return err
	case class != port.ErrUnavailable:
		return &port.ConstraintError{Class: class, SQLState: e.Code, Table: e.TableName,
			Constraint: e.ConstraintName, Message: e.Message}
	case unsure:
		return fmt.Errorf("%w: %w", port.ErrUnknown, err)
	default:
		return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
	}
}

// stateClass is the class of a SQLSTATE; nil for a mistake of ours, which nothing retries.
func stateClass(e *pgconn.PgError) error {
	switch e.Code {
	case "40001", "40P01", "55P03", sql.GuardState:
		return port.ErrConflict
	case "23505":
		if e.SchemaName == "ledger" && e.TableName == "ledger" {
			return port.ErrContract // two holders of one lane: its lock is broken
		}
		return port.ErrConflict
	case "55000", "55006", "25006", "25P03":
		return port.ErrUnavailable
	}
	if len(e.Code) != 5 {
		return nil
	}
	switch e.Code[:2] {
	case "22", "23":
		return port.ErrContract
	case "08", "53", "57", "58":
		return port.ErrUnavailable
	}
	return nil
}

// dropsConnection reports whether an error says that this server is not the one to talk to any more:
// it is in recovery, or read-only, and the next connection may reach another.
func dropsConnection(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && (server.Code == "55000" || server.Code == "25006")
}

// classifyConnect is classify of a connection that was not made. A server that refuses the user or the
// database will go on doing so.
func classifyConnect(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && (strings.HasPrefix(server.Code, "28") || strings.HasPrefix(server.Code, "3D")) {
		return err
	}
	return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
