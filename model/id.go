package model

import (
	"crypto/sha1"
	"encoding/binary"

	"github.com/google/uuid"
)

// ID identifies a command, an order or an outbox row: a UUID that comes from the client or is a hash of
// what it names. Nothing in the core draws a random one. The zero ID means absent.
//
// Clients should send UUIDv7 (RFC 9562, section 5.7): what comes at the same time then stands on the same
// page of every index, and an order costs the truth a sixth less than under random ids. Any other UUID is
// as good otherwise.
type ID [16]byte

// Namespace is the uuid5 namespace (RFC 9562, section 5.5) of every name that stockproof derives.
var Namespace = ID(uuid.NewSHA1(uuid.NameSpaceURL, []byte("stockproof")))

// NameID is uuid5 of the parts, length-prefixed so that no two lists of parts collide.
func NameID(parts ...string) ID {
	var short [512]byte
	b := append(short[:0], Namespace[:]...)
	for _, p := range parts {
		b = appendPart(b, p)
	}
	sum := sha1.Sum(b) // uuid.NewSHA1, without what it allocates
	id := ID(sum[:16])
	id[6] = id[6]&0x0f | 5<<4
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Beside is id moved next to near in the order of ids: their first 48 bits are near's, the time where near
// is a UUIDv7, and 74 bits stay id's own. Rows that are written together then share pages of their indexes.
// The version is 8, which RFC 9562, section 5.8, leaves to whoever makes the id.
func (id ID) Beside(near ID) ID {
	copy(id[:6], near[:6])
	id[6] = id[6]&0x0f | 8<<4
	id[8] = id[8]&0x3f | 0x80
	return id
}

// At is id moved next to whatever else has this time, in milliseconds since 1970.
func (id ID) At(ms int64) ID {
	var near ID
	binary.BigEndian.PutUint64(near[:], uint64(ms)<<16)
	return id.Beside(near)
}

// ParseID reads the 36-character text form of a UUID, and nothing else.
func ParseID(s string) (ID, error) {
	if len(s) != 36 {
		return ID{}, Contractf("id", "%q is not a UUID of 36 characters", s)
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return ID{}, Contractf("id", "%q is not a UUID: %v", s, err)
	}
	return ID(u), nil
}

// IsZero reports whether the ID is absent.
func (id ID) IsZero() bool { return id == ID{} }

func (id ID) String() string { return uuid.UUID(id).String() }

// MarshalText writes the 36-character form.
func (id ID) MarshalText() ([]byte, error) { return uuid.UUID(id).MarshalText() }

// UnmarshalText reads the 36-character form.
func (id *ID) UnmarshalText(b []byte) error {
	v, err := ParseID(string(b))
	if err == nil {
		*id = v
	}
	return err
}

// Compare orders ids by their bytes.
func (id ID) Compare(o ID) int {
	for i := range id {
		if id[i] != o[i] {
			return int(id[i]) - int(o[i])
		}
	}
	return 0
}

func appendPart(b []byte, p string) []byte {
	n := len(p)
	return append(append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), p...)
}
