package redis

import "slices"

// keyspace is what one Redis holds: strings and hashes, each with an optional expiry. Keys are kept
// in a slice beside the map, so that listing them depends on nothing but what was done.
type keyspace struct {
	byName map[string]*value
	names  []string
	uses   int64 // so far, of all keys
}

// value is a string or, where fields is not nil, a hash.
type value struct {
	text     string
	fields   []hashField // in the order in which they were first set
	hash     bool
	expireMS int64 // 0 = never
	at       int   // index in names
	used     int64 // the keyspace's uses when this one was last read or written
}

type hashField struct{ name, value string }

func newKeyspace() keyspace { return keyspace{byName: map[string]*value{}} }

// get is the living value of a key, or nil; a key whose time has passed vanishes here.
func (k *keyspace) get(name string, nowMS int64) *value {
	v := k.byName[name]
	if v != nil && v.expireMS != 0 && nowMS > v.expireMS {
		k.remove(name)
		return nil
	}
	return v
}

// use is get for a command that Redis counts as a use of the key: EXISTS, TTL and TYPE are none.
func (k *keyspace) use(name string, nowMS int64) *value {
	v := k.get(name, nowMS)
	if v != nil {
		k.uses++
		v.used = k.uses
	}
	return v
}

// put replaces what name holds, its expiry included.
func (k *keyspace) put(name string, v *value) *value {
	if old := k.byName[name]; old != nil {
		v.at = old.at
	} else {
		v.at = len(k.names)
		k.names = append(k.names, name)
	}
	k.uses++
	v.used = k.uses
	k.byName[name] = v
	return v
}

func (k *keyspace) remove(name string) {
	v := k.byName[name]
	if v == nil {
		return
	}
	last := len(k.names) - 1
	k.names[v.at] = k.names[last]
	k.byName[k.names[v.at]].at = v.at
	k.names = k.names[:last]
	delete(k.byName, name)
}

// living lists the keys that exist, sorted.
func (k *keyspace) living(nowMS int64) []string {
	names := slices.Clone(k.names)
	names = slices.DeleteFunc(names, func(name string) bool { return k.get(name, nowMS) == nil })
	slices.Sort(names)
	return names
}

// clone shares nothing with k.
func (k *keyspace) clone() keyspace {
	c := keyspace{
		byName: make(map[string]*value, len(k.names)), names: slices.Clone(k.names), uses: k.uses,
	}
	for _, name := range k.names {
		c.byName[name] = k.byName[name].clone()
	}
	return c
}

// clone of nil is nil.
func (v *value) clone() *value {
	if v == nil {
		return nil
	}
	c := *v
	c.fields = slices.Clone(v.fields)
	return &c
}

func (v *value) field(name string) (string, bool) {
	for i := range v.fields {
		if v.fields[i].name == name {
			return v.fields[i].value, true
		}
	}
	return "", false
}

// setField reports whether the field is new.
func (v *value) setField(name, value string) bool {
	for i := range v.fields {
		if v.fields[i].name == name {
			v.fields[i].value = value
			return false
		}
	}
	v.fields = append(v.fields, hashField{name, value})
	return true
}
