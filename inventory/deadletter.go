package inventory

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"stockproof/inventory/port"
)

// ErrorText is an error's text as a dead letter keeps it: printable ASCII, at most 1000 bytes. A NUL
// or a broken UTF-8 sequence would make the dead letter itself poison.
func ErrorText(err error) string {
	q := fmt.Sprintf("%+q", err.Error())
	q = q[1 : len(q)-1]
	return q[:min(len(q), 1000)]
}

// HeadersJSON is a record's headers as a dead letter keeps them: a list of [name, base64 value].
func HeadersJSON(hs []port.Header) []byte {
	list := make([][2]string, len(hs))
	for i, h := range hs {
		list[i] = [2]string{h.Key, base64.StdEncoding.EncodeToString(h.Value)}
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic("inventory: encode headers: " + err.Error()) // strings always encode
	}
	return b
}
