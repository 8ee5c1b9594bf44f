#!/bin/sh
# Runs the product under a comparison program that starts servers and plays dialogues to them over HTTP.
#
#   bench/compare_product.sh PYTHON COMPARE.PY [its options]
#
# The program must take --product, --product-setup, --product-env and --product-ready, fill names in
# braces in them, and give every server a fresh database. A private MariaDB runs meanwhile.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
python=$1 compare=$2
shift 2
cd "$here"
exec .venv/bin/python -m bench.with_mariadb "$python" "$compare" \
  --product ".venv/bin/therapy-booking serve" \
  --product-cwd "$here" \
  --product-setup ".venv/bin/therapy-booking db upgrade" \
  --product-setup ".venv/bin/therapy-booking practice load bench/practice.yaml" \
  --product-ready "http://127.0.0.1:{port}/readyz" \
  --product-env "HOST=127.0.0.1" \
  --product-env "SECRET_KEY=a key for measuring only" \
  --product-env "WHATSAPP_SID={twilio_account_sid}" \
  --product-env "WHATSAPP_TOKEN={twilio_auth_token}" \
  --product-env "TWILIO_PHONE_NUMBER={bot_number}" \
  --product-env "THERAPIST_PHONE={therapist_number}" \
  --product-env "TWILIO_API_BASE_URL={twilio_base}" \
  --product-env "CLIENT_WEBHOOK_URL={public_url}/webhook/client" \
  --product-env "THERAPIST_WEBHOOK_URL={public_url}/webhook/therapist" \
  "$@"
