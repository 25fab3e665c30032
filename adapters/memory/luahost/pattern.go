package luahost

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// find replaces gopher-lua's string.find, which compiles its pattern at every call and takes longer
// than the rest of a script. It knows patterns of single characters and classes with quantifiers and
// anchors; what else there is (captures, sets, a third argument) goes to the original.
func find(original lua.LValue) lua.LGFunction {
	var small [64]lua.LValue // texts in scripts are short: a number is made once
	for i := range small {
		small[i] = lua.LNumber(i)
	}
	place := func(i int) lua.LValue {
		if i < len(small) {
			return small[i]
		}
		return lua.LNumber(i)
	}
	return func(l *lua.LState) int {
		s, isText := l.Get(1).(lua.LString)
		p, isPattern := l.Get(2).(lua.LString)
		if l.GetTop() != 2 || !isText || !isPattern || !simple(string(p)) {
			top := l.GetTop()
			l.Push(original)
			for i := 1; i <= top; i++ {
				l.Push(l.Get(i))
			}
			l.Call(top, lua.MultRet)
			return l.GetTop() - top
		}
		from, to := search(string(s), string(p))
		if from < 0 {
			l.Push(lua.LNil)
			return 1
		}
		l.Push(place(from + 1))
		l.Push(place(to))
		return 2
	}
}

// simple reports whether search knows all of p: no captures, sets, %b, %f, %z or back references, and
// no '%' at the end.
func simple(p string) bool {
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '(', ')', '[', ']':
			return false
		case '%':
			i++
			if i == len(p) || strings.IndexByte("bfz0123456789", p[i]) >= 0 {
				return false
			}
		}
	}
	return true
}

// integer is the pattern of a decimal integer.
const integer = `^%-?%d+$`

// search gives the first match s[from:to] of a simple pattern, or -1.
// Source: Lua 5.1 lstrlib.c, str_find_aux and match.
func search(s, p string) (from, to int) {
	if p == integer { // what our scripts ask a dozen times a call
		if digits := strings.TrimPrefix(s, "-"); all(digits, decimalDigit) {
			return 0, len(s)
		}
		return -1, -1
	}
	p, anchored := strings.CutPrefix(p, "^")
	for from = 0; from <= len(s); from++ {
		if to = match(s, from, p); to >= 0 {
			return from, to
		}
		if anchored {
			break
		}
	}
	return -1, -1
}

// match gives the end of the match of p that begins at s[at:], or -1.
func match(s string, at int, p string) int {
	for p != "" {
		if p == "$" {
			if at == len(s) {
				return at
			}
			return -1
		}
		width := 1
		if p[0] == '%' {
			width = 2
		}
		item, rest := p[:width], p[width:]
		fits := func(i int) bool { return i < len(s) && one(s[i], item) }
		if rest != "" {
			switch rest[0] {
			case '?':
				if fits(at) {
					if end := match(s, at+1, rest[1:]); end >= 0 {
						return end
					}
				}
				p = rest[1:]
				continue
			case '*', '+':
				n := 0
				for fits(at + n) {
					n++
				}
				least := 0
				if rest[0] == '+' {
					least = 1
				}
				for ; n >= least; n-- {
					if end := match(s, at+n, rest[1:]); end >= 0 {
						return end
					}
				}
				return -1
			case '-':
				for {
					if end := match(s, at, rest[1:]); end >= 0 {
						return end
					}
					if !fits(at) {
						return -1
					}
					at++
				}
			}
		}
		if !fits(at) {
			return -1
		}
		at, p = at+1, rest
	}
	return at
}

// one reports whether c fits a single item: '.', a class %d or its complement %D, or a character.
func one(c byte, item string) bool {
	if item == "." {
		return true
	}
	if len(item) == 1 {
		return c == item[0]
	}
	class := item[1] | 0x20
	in := false
	switch class {
	case 'a':
		in = letter(c)
	case 'c':
		in = c < 0x20 || c == 0x7f
	case 'd':
		in = decimalDigit(c)
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 'p':
		in = c > 0x20 && c < 0x7f && !letter(c) && !decimalDigit(c)
	case 's':
		in = strings.IndexByte(space, c) >= 0
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = letter(c) || decimalDigit(c)
	case 'x':
		in = decimalDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f'
	default:
		return c == item[1]
	}
	upper := item[1] >= 'A' && item[1] <= 'Z'
	return in != upper
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
