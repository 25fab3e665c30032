package linear

// Values are the values of a register: whatever they are, an operation holds their number.
type Values struct {
	numbers map[string]int64
	texts   []string
}

// NewValues knows no value yet.
func NewValues() *Values { return &Values{numbers: map[string]int64{}} }

// Intern is the number of a value, by its text.
func (v *Values) Intern(text string) int64 {
	n, known := v.numbers[text]
	if !known {
		n = int64(len(v.texts))
		v.numbers[text] = n
		v.texts = append(v.texts, text)
	}
	return n
}

// Text is the value with a number; that of [Nil] is empty.
func (v *Values) Text(n int64) string {
	if n < 0 || n >= int64(len(v.texts)) {
		return ""
	}
	return v.texts[n]
}
