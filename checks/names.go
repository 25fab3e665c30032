package checks

import "fmt"

// named finds a value by its name in the list of all; the empty name is none's.
func named[E ~uint8](names []string, text []byte, what string) (E, error) {
	for i, n := range names {
		if n == string(text) && n != "" {
			return E(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not a %s", text, what)
}

var (
	effectNames = [...]string{"", "deduct", "credit", "set"}
	replyNames  = [...]string{"", "done", "already", "insufficient"}
	fateNames   = [...]string{"", "fetched", "applied", "absorbed", "dead-lettered", "ignored"}
)

// MarshalText writes the name.
func (k EffectKind) MarshalText() ([]byte, error) { return []byte(effectNames[k]), nil }

// UnmarshalText reads the name.
func (k *EffectKind) UnmarshalText(b []byte) (err error) {
	*k, err = named[EffectKind](effectNames[:], b, "kind of effect")
	return err
}

// MarshalText writes the name.
func (r Reply) MarshalText() ([]byte, error) { return []byte(replyNames[r]), nil }

// UnmarshalText reads the name.
func (r *Reply) UnmarshalText(b []byte) (err error) {
	*r, err = named[Reply](replyNames[:], b, "reply of a script")
	return err
}

// MarshalText writes the name.
func (f Fate) MarshalText() ([]byte, error) { return []byte(fateNames[f]), nil }

// UnmarshalText reads the name.
func (f *Fate) UnmarshalText(b []byte) (err error) {
	*f, err = named[Fate](fateNames[:], b, "fate of a record")
	return err
}
