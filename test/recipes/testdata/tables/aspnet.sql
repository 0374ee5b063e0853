CREATE TABLE "AspNetUsers" ("Id" text PRIMARY KEY, "UserName" varchar(256), "NormalizedUserName" varchar(256) UNIQUE, "Email" varchar(256), "NormalizedEmail" varchar(256), "EmailConfirmed" boolean NOT NULL, "PasswordHash" text, "PhoneNumber" text, "PhoneNumberConfirmed" boolean NOT NULL, "TwoFactorEnabled" boolean NOT NULL, "LockoutEnd" timestamptz, "LockoutEnabled" boolean NOT NULL);
CREATE TABLE "AspNetRoles" ("Id" text PRIMARY KEY, "Name" varchar(256));
CREATE TABLE "AspNetUserRoles" ("UserId" text NOT NULL, "RoleId" text NOT NULL);
INSERT INTO "AspNetRoles" VALUES ('r', 'Editor');
{{range .}}INSERT INTO "AspNetUsers" VALUES ('{{.N}}', '{{.Name}}', upper('{{.Name}}'), '{{.Email}}', upper('{{.Email}}'), true, {{.SQL}}, NULL, false, false, NULL, true);
INSERT INTO "AspNetUserRoles" VALUES ('{{.N}}', 'r');
{{end}}
