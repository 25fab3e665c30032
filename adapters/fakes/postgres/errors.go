package fakepg

import (
	"errors"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Error is a failure as PostgreSQL reports it. A [Session] returns one where it knows the SQLSTATE;
// every other error it returns is answered as XX000, internal error, with its text.
type Error struct {
	Code       string // SQLSTATE
	Message    string
	Detail     string
	Where      string
	Schema     string
	Table      string
	Constraint string
	Fatal      bool // the server ends the connection behind it
}

func (e *Error) Error() string { return e.Message + " (SQLSTATE " + e.Code + ")" }

// The failures that the protocol itself knows.
func errAborted() error {
	return &Error{Code: "25P02",
		Message: "current transaction is aborted, commands ignored until end of transaction block"}
}

func errCanceled() error {
	return &Error{Code: "57014", Message: "canceling statement due to user request"}
}

func errTerminated() error {
	return &Error{Code: "57P01", Fatal: true,
		Message: "terminating connection due to administrator command"}
}

func errUnknownSQL(sql string) error {
	return &Error{Code: "42601", Message: "this server does not know the statement: " + sql}
}

// asError is err as PostgreSQL reports it.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: "XX000", Message: err.Error()}
}

// response is the message for err.
func response(err error) *pgproto3.ErrorResponse {
	e := asError(err)
	severity := "ERROR"
	if e.Fatal {
		severity = "FATAL"
	}
	return &pgproto3.ErrorResponse{
		Severity:            severity,
		SeverityUnlocalized: severity,
		Code:                e.Code,
		Message:             e.Message,
		Detail:              e.Detail,
		Where:               e.Where,
		SchemaName:          e.Schema,
		TableName:           e.Table,
		ConstraintName:      e.Constraint,
	}
}

// warning is a NOTICE of the given SQLSTATE.
func warning(code, message string) *pgproto3.NoticeResponse {
	return &pgproto3.NoticeResponse{Severity: "WARNING", SeverityUnlocalized: "WARNING", Code: code,
		Message: message}
}

// locate adds the schema of the table that an error names: the one that the query's text has for it.
func locate(err error, text string) error {
	var e *Error
	if !errors.As(err, &e) || e.Table == "" || e.Schema != "" {
		return err
	}
	located := *e
	if before, _, found := strings.Cut(text, "."+e.Table); found {
		located.Schema = before[strings.LastIndexFunc(before, notIdentifier)+1:]
	}
	return &located
}

func notIdentifier(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
