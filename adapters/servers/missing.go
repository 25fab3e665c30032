package servers

import (
	"errors"
	"fmt"
	"testing"
)

// missing says that this machine lacks a server's binaries: the only reason for which a test may be skipped.
type missing struct {
	debianPackage string
	why           string
}

func (m *missing) Error() string {
	return fmt.Sprintf("needs Debian package %s (%s)", m.debianPackage, m.why)
}

// require skips the test when the server is not installed and fails it for every other error.
func require(t testing.TB, err error) {
	t.Helper()
	var absent *missing
	if errors.As(err, &absent) {
		t.Skipf("SKIPPED: %v", absent)
	}
	if err != nil {
		t.Fatal(err)
	}
}
