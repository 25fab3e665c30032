package model

import "strings"

// EncodeKey turns any byte string into one that is safe inside a Redis key, a hash tag or a topic
// key: letters, digits, '-', '_' and '.' stay, every other byte becomes %XX (upper case). The code
// is total and injective, and free of '{', '}', ':' and '#'. The empty string, which would make an
// empty hash tag, becomes "%".
func EncodeKey(s string) string {
	if s == "" {
		return "%"
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if !plain(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 2*n)
	for i := 0; i < len(s); i++ {
		if c := s[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// DecodeKey is the inverse of EncodeKey; what EncodeKey never writes is a [ContractError].
func DecodeKey(s string) (string, error) {
	if s == "%" {
		return "", nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case plain(c):
			b = append(b, c)
		case c != '%' || i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0:
			return "", Contractf("key", "%q is not an encoded name (at byte %d)", s, i)
		default:
			v := byte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			if plain(v) {
				return "", Contractf("key", "%q escapes %q, which needs no escape", s, v)
			}
			b = append(b, v)
			i += 2
		}
	}
	if len(b) == 0 {
		return "", Contractf("key", "is empty; the empty name is written %%")
	}
	return string(b), nil
}

// LaneTopicKey is the key of a lane's records in the state topic: enc(sku):enc(loc).
func LaneTopicKey(k LaneKey) string {
	return EncodeKey(string(k.SKU)) + ":" + EncodeKey(string(k.Loc))
}

// ParseLaneTopicKey is the inverse of LaneTopicKey.
func ParseLaneTopicKey(s string) (LaneKey, error) {
	sku, loc, ok := strings.Cut(s, ":")
	if !ok {
		return LaneKey{}, Contractf("key", "%q is not enc(sku):enc(loc)", s)
	}
	a, err := DecodeKey(sku)
	if err != nil {
		return LaneKey{}, err
	}
	b, err := DecodeKey(loc)
	return LaneKey{SKU(a), Location(b)}, err
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '_' || c == '.'
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
