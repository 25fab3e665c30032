package model

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyBytes are byte strings of every kind up to 4 KB, valid UTF-8 or not, with the characters that
// Redis and topic keys give a meaning to over-represented.
func anyBytes(t *rapid.T, label string) string {
	n := rapid.SampledFrom([]int{8, 64, 512, 4096}).Draw(t, label+" size")
	b := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("{}:#%/ \x00aZ9-_.~"))), 0, n)
	return string(b.Draw(t, label))
}

func TestTheKeyCodecIsTotalAndInjectiveAndFreeOfReservedCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, other := anyBytes(t, "s"), anyBytes(t, "other")
		key := EncodeKey(s)
		if key == "" || strings.ContainsAny(key, "{}:#") {
			t.Fatalf("%q is encoded as %q", s, key)
		}
		back, err := DecodeKey(key)
		if err != nil || back != s {
			t.Fatalf("%q comes back as %q, %v", s, back, err)
		}
		if s != other && EncodeKey(other) == key {
			t.Fatalf("%q and %q have one key", s, other)
		}
	})
}

// Whatever DecodeKey accepts is what EncodeKey writes: no name has two keys.
func TestEveryKeyThatDecodesIsTheOneThatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]byte("aZ9-_.%0123456789ABCDEFabcdef{}:#"))
		key := string(rapid.SliceOfN(letters, 0, 12).Draw(t, "key"))
		if s, err := DecodeKey(key); err == nil && EncodeKey(s) != key {
			t.Fatalf("%q decodes to %q, which is written %q", key, s, EncodeKey(s))
		}
	})
}

func TestKeyVectors(t *testing.T) {
	for _, v := range []struct{ name, key string }{
		{"", "%"}, {"SKU-101", "SKU-101"}, {"a b", "a%20b"}, {"}x", "%7Dx"}, {"A}B", "A%7DB"},
		{"{a}", "%7Ba%7D"}, {"a:b#1", "a%3Ab%231"}, {"%", "%25"}, {"100%", "100%25"}, {"ä", "%C3%A4"},
		{"\x00", "%00"}, {"\xff", "%FF"}, {"85123A", "85123A"}, {"a.b_c-d", "a.b_c-d"}, {"~", "%7E"},
	} {
		if got := EncodeKey(v.name); got != v.key {
			t.Errorf("EncodeKey(%q) = %q, want %q", v.name, got, v.key)
		}
		if got, err := DecodeKey(v.key); got != v.name || err != nil {
			t.Errorf("DecodeKey(%q) = %q, %v", v.key, got, err)
		}
	}
}

func TestWhatEncodeKeyNeverWritesIsRefused(t *testing.T) {
	for _, key := range []string{"", "%2", "%%", "a%", "%zz", "%2g", "%7d", "%41", "a b", "{a}", "a:b", "ä",
		"a#", "%2D"} {
		var contract *ContractError
		if s, err := DecodeKey(key); !errors.As(err, &contract) || contract.Field != "key" {
			t.Errorf("DecodeKey(%q) = %q, %v", key, s, err)
		}
	}
}

func TestLaneTopicKeysRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := LaneKey{SKU(anyBytes(t, "sku")), Location(anyBytes(t, "loc"))}
		key := LaneTopicKey(k)
		if back, err := ParseLaneTopicKey(key); err != nil || back != k {
			t.Fatalf("%q comes back as %q, %v", k, back, err)
		}
		if strings.Count(key, ":") != 1 {
			t.Fatalf("%q", key)
		}
	})
	for _, key := range []string{"", "A", "A:", ":main", "A:main:x", "A:{main}"} {
		if k, err := ParseLaneTopicKey(key); err == nil {
			t.Errorf("%q parses as %q", key, k)
		}
	}
}
