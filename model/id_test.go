package model

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// Beside keeps the neighbour's first 48 bits and 74 of its own, and marks the version as its maker's.
func TestBesideStandsNextToItsNeighbour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		near := ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "near"))
		name := NameID(rapid.String().Draw(t, "name"))
		id := name.Beside(near)
		if string(id[:6]) != string(near[:6]) || string(id[9:]) != string(name[9:]) ||
			id[6]&0x0f != name[6]&0x0f || id[7] != name[7] || id[8]&0x3f != name[8]&0x3f {
			t.Fatalf("%s beside %s is %s", name, near, id)
		}
		if u := uuid.UUID(id); u.Version() != 8 || u.Variant() != uuid.RFC4122 {
			t.Fatalf("%s has version %d and variant %s", id, u.Version(), u.Variant())
		}
	})
}

// At is the place of the UUIDv7 of the same time.
func TestAtStandsWhereAUUIDv7OfThatTimeDoes(t *testing.T) {
	v7 := uuid.Must(uuid.NewV7())
	seconds, nanos := v7.Time().UnixTime()
	if id := NameID("x").At(seconds*1000 + nanos/1_000_000); string(id[:6]) != string(v7[:6]) {
		t.Errorf("%s is not beside %s", id, v7)
	}
	if a, b := NameID("x").At(1), NameID("x").At(2); a.Compare(b) >= 0 {
		t.Errorf("%s of the first millisecond is not before %s of the second", a, b)
	}
}
