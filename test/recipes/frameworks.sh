#!/usr/bin/env bash
# Unpacks frameworks of Debian's packages into bin/frameworks, so that their own code can
# make the hashes of the recipes. Nothing is installed: WordPress and MediaWiki would bring a web
# server. Needs apt-get and dpkg; takes some seconds.
set -euo pipefail
script="$(realpath "${BASH_SOURCE[0]}")"
mkdir -p "$(dirname "$script")/../../bin"
cd "$(dirname "$script")/../../bin"

packages=(
  php-illuminate-hashing php-illuminate-contracts php-symfony-password-hasher wordpress mediawiki
  python3-django python3-asgiref python3-sqlparse python3-tz
  ruby-devise ruby-bcrypt ruby-activemodel ruby-activesupport ruby-i18n ruby-concurrent ruby-tzinfo
)
if [[ -e frameworks/complete && frameworks/complete -nt "$script" ]]; then
  echo "frameworks: there"
  exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo "frameworks: apt-get is missing; the recipes are tested on the committed hashes only"
  if [[ "${E2E:-}" == required ]]; then exit 1; fi
  exit 0
fi
rm -rf frameworks
mkdir -p frameworks/versions frameworks/debian
download() { (cd frameworks/debian && apt-get download -qq "${packages[@]}" 2>/dev/null); }
download || { apt-get update -qq && download; } || {
  echo "frameworks: apt-get could not download the packages"
  if [[ "${E2E:-}" == required ]]; then exit 1; fi
  exit 0
}
for package in frameworks/debian/*.deb; do
  case "$package" in # most of these two is something else
    */mediawiki_*) only=(./usr/share/mediawiki/includes/password ./usr/share/mediawiki/vendor/wikimedia/utfnormal) ;;
    */wordpress_*) only=(./usr/share/wordpress/wp-includes/class-phpass.php) ;;
    *) only=(./usr) ;;
  esac
  dpkg-deb --fsys-tarfile "$package" | tar -x -C frameworks "${only[@]}"
  dpkg-deb --field "$package" Version >"frameworks/versions/$(dpkg-deb --field "$package" Package)"
done
rm -rf frameworks/debian
# Of this package's hundreds of dependencies, the file with its hash needs bcryptjs alone.
if command -v npm >/dev/null; then
  archive="$(npm pack --silent --pack-destination frameworks parse-server@9.10.0)"
  tar -xzf "frameworks/$archive" -C frameworks package/lib/password.js package/package.json
  rm "frameworks/$archive"
fi
touch frameworks/complete
