package web

// console is the name of the staff site, whose words are Japanese only.
const console = "console"

// Language is one language of the public site.
type Language struct {
	Code       string // names it in the program and in mails
	Catalogue  string // whose sentences it speaks; "" means those of Code
	Tag        string // value of the lang attribute
	Name       string // its own name, for links
	Prefix     string // before every path
	Furigana   bool   // with the readings of words above them
	Unreviewed bool   // no native speaker has looked through the translation yet
}

// Plain and Reading are Japanese without and with readings.
const (
	Plain   = "ja"
	Reading = "ja-furigana"
)

func (l Language) catalogue() string {
	if l.Catalogue != "" {
		return l.Catalogue
	}
	return l.Code
}

// Languages lists the languages of the public site in the order of their links.
func Languages() []Language {
	return []Language{
		{Code: Plain, Tag: "ja", Name: "日本語"},
		{Code: Reading, Catalogue: Plain, Tag: "ja", Name: "ふりがな", Prefix: "/furigana", Furigana: true},
		{Code: "ja-easy", Tag: "ja", Name: "やさしい日本語", Prefix: "/easy"},
		{Code: "en", Tag: "en", Name: "English", Prefix: "/en"},
		{Code: "vi", Tag: "vi", Name: "Tiếng Việt", Prefix: "/vi", Unreviewed: true},
		{Code: "id", Tag: "id", Name: "Bahasa Indonesia", Prefix: "/id", Unreviewed: true},
	}
}

// languageAt is the language mounted at base.
func languageAt(base string) Language {
	for _, l := range Languages() {
		if l.Prefix == base {
			return l
		}
	}
	panic("web: no language has the prefix " + base)
}
