package memory_test

import (
	"context"
	"testing"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

func TestASessionTellsItsStatus(t *testing.T) {
	ctx := context.Background()
	pg := memory.NewPostgres(plainGate(), memory.PostgresOptions{})
	s := pg.Session()
	want := func(status byte) {
		t.Helper()
		if s.Status() != status {
			t.Fatalf("status %c, want %c", s.Status(), status)
		}
	}
	want('I')
	if err := s.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	want('T')
	if err := s.Exec(ctx, &port.SetEpoch{}); err != nil {
		t.Fatal(err)
	}
	var check port.CheckEpoch
	if err := s.Exec(ctx, &check); err != nil || !check.Open || check.Epoch != 1 || check.XID != 730 {
		t.Fatalf("%+v %v", check, err)
	}
	if done, err := s.Commit(ctx); err != nil || !done {
		t.Fatal(done, err)
	}
	want('I')
	if done, err := s.Commit(ctx); err != nil || done {
		t.Fatal(done, err)
	}
	s.Close()
	if err := s.Exec(ctx, &check); memory.SQLState(err) != "57P01" {
		t.Fatal(err)
	}
}
