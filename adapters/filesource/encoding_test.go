package filesource_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"cognito-user-migration/adapters/filesource"
)

// utf16Of writes a text as UTF-16, the high byte first or last.
func utf16Of(text string, high int) string {
	var written strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		pair := [2]byte{}
		pair[high], pair[1-high] = byte(unit>>8), byte(unit)
		written.Write(pair[:])
	}
	return written.String()
}

// What databases and spreadsheets write in Japan and Western Europe.
func TestAFileThatIsNotUTF8NamesItsLikelyEncoding(t *testing.T) {
	t.Parallel()
	const (
		table  = "username,name\nhanako,花子\n"
		entry  = `[{"username": "hanako", "attributes": {"name": "花子"}}]`
		plain  = "username,name\nhanako,Hanako\n"
		header = "username,name\nhanako,"
	)
	for name, test := range map[string]struct {
		format filesource.Format
		file   string
		want   string
	}{
		"Shift_JIS":                               {filesource.FormatCSV, header + "\x89\xd4\x8e\x71\n", "Shift_JIS; convert it with iconv -f CP932 -t UTF-8"},
		"Shift_JIS, kana":                         {filesource.FormatCSV, header + "\x82\xcd\x82\xc8\x82\xb1\n", "Shift_JIS"},
		"Shift_JIS, a second byte that is a \\":   {filesource.FormatCSV, header + "\x94\x5c\x93\xa1\n", "Shift_JIS"}, // 能藤
		"Shift_JIS, with katakana of half width":  {filesource.FormatCSV, header + "\x93\x63\x92\x86 \xc0\xc5\xb6\n", "Shift_JIS"},
		"Shift_JIS in JSON":                       {filesource.FormatJSON, `[{"username": "hanako", "attributes": {"name": "` + "\x89\xd4\x8e\x71" + `"}}]`, "Shift_JIS"},
		"EUC-JP":                                  {filesource.FormatCSV, header + "\xb2\xd6\xbb\xd2\n", "EUC-JP; convert it with iconv -f EUC-JP -t UTF-8"},
		"EUC-JP, kana":                            {filesource.FormatCSV, header + "\xa4\xcf\xa4\xca\xa4\xb3\n", "EUC-JP"},
		"EUC-JP, katakana of half width":          {filesource.FormatCSV, header + "\xb2\xd6\x8e\xca\n", "EUC-JP"},
		"ISO-2022-JP":                             {filesource.FormatCSV, header + "\x1b$B2V;R\x1b(B\n", "ISO-2022-JP; convert it with iconv -f ISO-2022-JP -t UTF-8"},
		"UTF-16LE with a mark":                    {filesource.FormatCSV, "\xff\xfe" + utf16Of(table, 1), "UTF-16LE; convert it with iconv -f UTF-16 -t UTF-8"},
		"UTF-16BE with a mark":                    {filesource.FormatCSV, "\xfe\xff" + utf16Of(table, 0), "UTF-16BE; convert it with iconv -f UTF-16 -t UTF-8"},
		"UTF-16LE":                                {filesource.FormatCSV, utf16Of(table, 1), "UTF-16LE; convert it with iconv -f UTF-16LE -t UTF-8"},
		"UTF-16BE":                                {filesource.FormatCSV, utf16Of(table, 0), "UTF-16BE; convert it with iconv -f UTF-16BE -t UTF-8"},
		"UTF-16LE of ASCII alone":                 {filesource.FormatCSV, utf16Of(plain, 1), "UTF-16LE"},
		"UTF-16LE in JSON":                        {filesource.FormatJSON, "\xff\xfe" + utf16Of(entry, 1), "UTF-16LE"},
		"UTF-16BE in an export of Firebase":       {filesource.FormatFirebase, utf16Of(`{"users": []}`, 0), "UTF-16BE"},
		"UTF-32LE with a mark":                    {filesource.FormatCSV, "\xff\xfe\x00\x00u\x00\x00\x00", "UTF-32LE"},
		"Western Europe's":                        {filesource.FormatCSV, header + "M\xfcller, Jos\xe9\n", "WINDOWS-1252; convert it with iconv -f WINDOWS-1252 -t UTF-8"},
		"Western Europe's, one letter at the end": {filesource.FormatCSV, header + "Andr\xe9\n", "WINDOWS-1252"},
		"cut in the middle of a character":        {filesource.FormatCSV, header + "花\xe5", "WINDOWS-1252"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := project(14)
			settings.Format = test.format
			faultOf(t, test.file, settings, "not UTF-8; it looks like "+test.want, "hanako")
		})
	}
}

func TestAByteOrderMarkIsLeftOutInEveryForm(t *testing.T) {
	t.Parallel()
	for format, text := range map[filesource.Format]string{
		filesource.FormatCSV:      "\ufeff\"username\",email\nx,y\n",
		filesource.FormatJSON:     "\ufeff" + `[{"username": "x"}]`,
		filesource.FormatFirebase: "\ufeff" + `{"users": [{"localId": "x"}]}`,
	} {
		settings := project(14)
		settings.Format = format
		if finding, err := openAs(t, text, settings).FindUser(t.Context(), "x"); err != nil || finding.User.Username != "x" {
			t.Errorf("%s: %v, %v", format, finding, err)
		}
	}
}
