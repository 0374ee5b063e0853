CREATE TABLE user (user_id int unsigned PRIMARY KEY, user_name varbinary(255) NOT NULL DEFAULT '' UNIQUE, user_real_name varbinary(255) NOT NULL DEFAULT '', user_password tinyblob NOT NULL, user_email tinyblob NOT NULL, user_email_authenticated binary(14));
CREATE TABLE user_groups (ug_user int unsigned NOT NULL, ug_group varbinary(255) NOT NULL);
{{range .}}INSERT INTO user VALUES ({{.N}}, CONCAT(UPPER(LEFT('{{.Name}}', 1)), SUBSTRING('{{.Name}}', 2)), 'Hanako', {{.SQL}}, '{{.Email}}', '20260101000000');
INSERT INTO user_groups VALUES ({{.N}}, 'sysop');
{{end}}
