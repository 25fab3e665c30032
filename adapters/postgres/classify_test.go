package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"stockproof/inventory/port"
)

func TestEverySQLStateHasItsClass(t *testing.T) {
	const (
		none = iota
		conflict
		contract
		away // unavailable, or unknown at COMMIT
	)
	for state, want := range map[string]int{
		"40001": conflict, "40P01": conflict, "55P03": conflict, "SP001": conflict, "23505": conflict,
		"23514": contract, "23502": contract, "22003": contract, "22021": contract, "22P02": contract, "23503": contract,
		"55000": away, "55006": away, "25006": away, "25P03": away, "53300": away, "53100": away, "57P01": away,
		"57P02": away, "57P03": away, "57014": away, "58030": away, "08006": away, "08003": away, "08P01": away,
		"42P01": none, "42601": none, "25P02": none, "0A000": none, "XX000": none, "P0001": none, "21000": none, "": none,
	} {
		for _, unsure := range []bool{false, true} {
			class := map[int]error{none: nil, conflict: port.ErrConflict, contract: port.ErrContract,
				away: port.ErrUnavailable}[want]
			if unsure && want == away {
				class = port.ErrUnknown
			}
			server := &pgconn.PgError{Code: state, Message: "m", SchemaName: "ledger", TableName: "command", ConstraintName: "c"}
			err := classify(fmt.Errorf("do: %w", server), unsure)
			if got := port.Class(err); got != class {
				t.Errorf("%s (at COMMIT: %t) is %v, want %v", state, unsure, got, class)
			}
			var constraint *port.ConstraintError
			named := errors.As(err, &constraint)
			if named != (want == conflict || want == contract) {
				t.Errorf("%s is a ConstraintError: %t", state, named)
			}
			if named && (constraint.SQLState != state || constraint.Table != "command" || constraint.Constraint != "c") {
				t.Errorf("%s became %+v", state, constraint)
			}
		}
	}
}

func TestATakenLedgerSequenceIsABrokenLock(t *testing.T) {
	taken := &pgconn.PgError{Code: "23505", SchemaName: "ledger", TableName: "ledger", ConstraintName: "ledger_pkey"}
	if err := classify(taken, false); port.Class(err) != port.ErrContract {
		t.Errorf("%v", err)
	}
	taken.SchemaName = "elsewhere"
	if err := classify(taken, false); port.Class(err) != port.ErrConflict {
		t.Errorf("another table of that name: %v", err)
	}
}

func TestWhatIsNoAnswerOfTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		unsure bool
		class  error
	}{
		"end of the connection":              {io.ErrUnexpectedEOF, false, port.ErrUnavailable},
		"end of the connection at COMMIT":    {io.ErrUnexpectedEOF, true, port.ErrUnknown},
		"nothing was sent":                   {unsent{}, false, port.ErrUnavailable},
		"COMMIT was not sent":                {unsent{}, true, port.ErrUnavailable},
		"cancelled":                          {context.Canceled, false, nil},
		"cancelled with COMMIT on the way":   {context.Canceled, true, port.ErrUnknown},
		"classified already":                 {port.ErrFenced, true, port.ErrFenced},
		"a timeout with COMMIT on the way":   {context.DeadlineExceeded, true, port.ErrUnknown},
		"a timeout of the caller's, no more": {context.DeadlineExceeded, false, nil},
	} {
		if got := port.Class(classify(c.err, c.unsure)); got != c.class {
			t.Errorf("%s: %v, want %v", name, got, c.class)
		}
	}
	if classify(nil, true) != nil {
		t.Error("no error became one")
	}
}

type unsent struct{}

func (unsent) Error() string     { return "unsent" }
func (unsent) SafeToRetry() bool { return true }
